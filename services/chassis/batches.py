"""Bodies with many items, `{"items": [...]}`, in which a bad item is answered by itself and its neighbours go on.

Promises one entry per item, in order: the validated item, or what is wrong with it. Never guesses at a body that is no such list.
"""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.chassis.problems import Fault, Problem, dotted, invalid, rule, sentence

T = TypeVar("T", bound=BaseModel)


class Refused(NamedTuple):
    """An item that is not well-formed: its first fault, and the item as it came, as far as it is an object."""

    fault: Fault
    item: dict[str, Any]


class Batch(NamedTuple, Generic[T]):
    """The items in the order they came."""

    items: list[T | Refused]


def batch_of(body: Any) -> Callable[[bytes], Batch[Any]]:
    """A direct route's `validate` for a body model whose `items` is a bounded list of models.

    Guarantee: a bad item is refused alone, by its field. Test: test_a_bad_item_is_refused_alone.
    """
    whole: TypeAdapter[Any] = TypeAdapter(body)

    def validate(raw: bytes) -> Batch[Any]:
        try:
            return Batch(whole.validate_json(raw).items)
        except ValidationError as error:
            return Batch(_one_by_one(whole, raw, error))

    return validate


def _one_by_one(whole: TypeAdapter[Any], raw: bytes, error: ValidationError) -> list[Any]:
    faults: dict[int, Fault] = {}
    for found in error.errors(include_input=False, include_url=False):
        loc = found["loc"]
        if len(loc) < 2 or loc[0] != "items" or not isinstance(loc[1], int):
            raise invalid([found]) from None
        faults.setdefault(
            loc[1], Fault(field=dotted(loc[2:]) or "item", code=rule(found), detail=sentence(found))
        )
    try:
        came = orjson.loads(raw)["items"]
    except orjson.JSONDecodeError:
        raise Problem(400, "json-invalid", "the body is not valid JSON") from None
    sound = [item for number, item in enumerate(came) if number not in faults]
    good = iter(whole.validate_json(orjson.dumps({"items": sound})).items if sound else ())
    return [
        Refused(faults[number], item if isinstance(item, dict) else {}) if number in faults else next(good)
        for number, item in enumerate(came)
    ]
