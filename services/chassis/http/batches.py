"""Bodies with many items, `{"items": [...]}`, in which a bad item is answered by itself and its neighbours go on.

Promises one entry per item, in order: the validated item, or what is wrong with it. Reads bodies in slices, one after the other
however many there are, and leaves the process to others for as long as each took. Never guesses at a body that is no such list.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from services.chassis.http.plain_text import plain_json
from services.chassis.http.problems import Fault, Problem, dotted, invalid, rule, sentence
from services.chassis.http.request_checks import DEPTH_MAX, check_json, check_text, member_once
from services.chassis.http.turns import Turns

T = TypeVar("T", bound=BaseModel)

ITEM_CHARACTERS_MAX = 65_536
SLICE_CHARACTERS = 16_384
FIRST_LOOK_CHARACTERS = 4_096
_HEAD = re.compile(r'[ \t\r\n]*+\{[ \t\r\n]*+"items"[ \t\r\n]*+:[ \t\r\n]*+\[[ \t\r\n]*+')
_COMMA = re.compile(r"[ \t\r\n]*+,[ \t\r\n]*+")
_TAIL = re.compile(r"[ \t\r\n]*+\][ \t\r\n]*+\}[ \t\r\n]*+\Z")
_decode = json.JSONDecoder(object_pairs_hook=member_once).raw_decode


class Refused(NamedTuple):
    """An item that is not well-formed: its first fault, and the item as it came, as far as it is an object."""

    fault: Fault
    item: dict[str, Any]


class Batch(NamedTuple, Generic[T]):
    """The items in the order they came."""

    items: list[T | Refused]


class _NoList(Exception):
    """The body is not `{"items": [...]}` and nothing else."""


class _Piece(NamedTuple):
    text: str
    item: Any


def batch_of(body: type[BaseModel]) -> Callable[[bytes], Awaitable[Batch[Any]]]:
    """A direct route's `validate` for a body model whose `items` is a bounded list of models.

    Guarantee: a bad item is refused alone, by its field. Test: test_a_bad_item_is_refused_alone.
    """
    whole: TypeAdapter[Any] = TypeAdapter(body)
    items = body.model_fields["items"]
    one: TypeAdapter[Any] = TypeAdapter(get_args(items.annotation)[0])
    items_max: int = next(limit.max_length for limit in items.metadata if hasattr(limit, "max_length"))

    turns = Turns()

    async def validate(raw: bytes) -> Batch[Any]:
        found: list[Any] = []
        pieces, more, size = _pieces(raw), True, SLICE_CHARACTERS
        try:
            while more:
                # Guarantee: a large batch does not keep others waiting. Test: test_a_large_batch_leaves_the_loop_to_others.
                # What others ask for takes several turns of the loop, and none is to wait for a slice at each.
                async with turns.taken():
                    slice_, more = _slice(pieces, size)
                    if len(found) + len(slice_) > items_max:
                        fault = {"type": "too_long", "loc": ("items",), "msg": f"at most {items_max} items"}
                        raise invalid([fault])
                    told = _validated(whole, one, slice_)
                # What is wrong is dear to find and to tell: behind it one item at a time, until one is right.
                size = 1 if any(isinstance(each, Refused) for each in told) else SLICE_CHARACTERS
                found += told
        except _NoList:
            raise _fault_of(whole, raw) from None
        return Batch(found)

    return validate


def _slice(pieces: Iterator[_Piece], size: int) -> tuple[list[_Piece], bool]:
    """The next pieces, of `size` characters or the first above, and whether there may be more."""
    taken: list[_Piece] = []
    characters = 0
    for piece in pieces:
        taken.append(piece)
        characters += len(piece.text)
        if characters >= size:
            return taken, True
    return taken, False


def _pieces(raw: bytes) -> Iterator[_Piece]:
    """The items one by one, each with its own text; the work for one is bounded by ITEM_CHARACTERS_MAX."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise _NoList from None
    head = _HEAD.match(text)
    if head is None:
        raise _NoList
    at, number = head.end(), 0
    if text.startswith("]", at):
        if not _TAIL.match(text, at):
            raise _NoList
        return
    while True:
        item, length = _item_at(text, at, number)
        yield _Piece(text[at : at + length], item)
        at, number = at + length, number + 1
        comma = _COMMA.match(text, at)
        if comma is None:
            break
        at = comma.end()
    if not _TAIL.match(text, at):
        raise _NoList


def _item_at(text: str, at: int, number: int) -> tuple[Any, int]:
    for most in (FIRST_LOOK_CHARACTERS, ITEM_CHARACTERS_MAX):
        window = text[at : at + most]
        whole = at + most >= len(text)
        try:
            item, length = _decode(window)
        except json.JSONDecodeError as error:
            cut = not whole and (error.msg.startswith("Unterminated") or error.pos > most - 8)
            if not cut:
                raise Problem(400, "json-invalid", "the body is not valid JSON") from None
            continue
        except RecursionError:
            raise Problem(400, "json-too-deep", f"at most {DEPTH_MAX} levels of nesting") from None
        if length < most or whole:  # a number at the end of the window may go on behind it
            check_text(window[:length].encode(), DEPTH_MAX - 2)
            return item, length
    detail = f"at most {ITEM_CHARACTERS_MAX} characters an item"
    raise Problem(422, "item-too-large", detail, field=dotted(("items", number)))


def _validated(whole: TypeAdapter[Any], one: TypeAdapter[Any], pieces: list[_Piece]) -> list[Any]:
    if len(pieces) == 1:
        return [_alone(one, pieces[0])]
    try:
        told = ",".join(piece.text for piece in pieces)
        return list(whole.validate_json(plain_json(('{"items":[' + told + "]}").encode())).items)
    except (ValidationError, Problem):
        return [_alone(one, piece) for piece in pieces]


def _alone(one: TypeAdapter[Any], piece: _Piece) -> Any:
    try:
        return one.validate_json(plain_json(piece.text.encode()))
    except Problem as problem:
        fault = Fault(field=problem.field or "item", code=problem.code, detail=problem.detail)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        fault = Fault(field=dotted(first["loc"]) or "item", code=rule(first), detail=sentence(first))
    return Refused(fault, piece.item if isinstance(piece.item, dict) else {})


def _fault_of(whole: TypeAdapter[Any], raw: bytes) -> Problem:
    """What is wrong with a body that is no list of items; only of a short one all is told."""
    if len(raw) <= ITEM_CHARACTERS_MAX:
        check_json(raw)
        try:
            whole.validate_json(raw)
        except ValidationError as error:
            return invalid(error.errors(include_input=False, include_url=False)[:1])
    return Problem(422, "invalid", 'send {"items": [...]} and nothing else', field="items")
