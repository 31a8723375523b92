"""What the answers of providers mean, of both kinds, over real HTTP."""

from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from services.notify.channels.outcome import PutOff, Refused, Taken
from services.notify.messages.health import FAILED_IN_A_ROW, LOOK_FIRST, Health
from services.notify.messages.kind import Account, Asked, FailureReason, Message, Receipt, Unreadable
from services.notify.messages.whole_text import called
from tests.notify.examples import Clock
from tests.notify.messages.stand_in import stand_in

KINDS = ("whole-text", "by-template")
NUMBER = "+84912345678"


def message() -> Message:
    return Message(UUID(int=uuid7().int), NUMBER, "DossierAccepted", "Da tiep nhan", ("a", "b"))


MEANS: list[tuple[Any, Any]] = [
    ("takes-then-500", PutOff(in_doubt=True, of_all=True)),
    ("takes-then-hangs-up", PutOff(in_doubt=True, of_all=True)),
    ("silent", PutOff(in_doubt=True, of_all=True)),
    ("503-html", PutOff(in_doubt=True, of_all=True)),
    ("nonsense", PutOff(in_doubt=True, of_all=True)),
    ("no-number", Refused()),
]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_an_answer_says_of_a_message(kind: Any):
    async with stand_in(kind) as there:
        provider = there.provider("first")
        try:
            for how, outcome in MEANS:
                there.how = how
                assert await provider.send(message()) == outcome, how
            there.how = "no-money"
            refused = await provider.send(message())
            assert isinstance(refused, PutOff) and refused.of_all and not refused.in_doubt
            there.how = "wrong-template"
            of_this = await provider.send(message())
            assert isinstance(of_this, PutOff) and not of_this.of_all and not of_this.in_doubt
            there.how = "well"
            said = message()
            first, again = await provider.send(said), await provider.send(said)
            assert isinstance(first, Taken) and not first.known and first.units == 1 and first.reference
            assert isinstance(again, Taken) and again.known
            assert there.taken[str(said.request_id)] == 1
            there.die()
        finally:
            await provider.close()
        gone = there.provider("first")
        assert await gone.send(message()) == PutOff(in_doubt=False, of_all=True)
        assert not await gone.is_there()
        await gone.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_that_comes_twice_is_no_others(kind: Any):
    """The second time it stands on the connection before the next message is said."""
    async with stand_in(kind) as there:
        provider = there.provider("first", connections=1)
        there.how = "twice"
        outcomes = []
        for each in [message() for _ in range(6)]:
            outcomes.append(await provider.send(each))
            if isinstance(outcomes[-1], Taken):
                assert outcomes[-1].reference == there.references[str(each.request_id)]
            else:  # nobody knows, and it stays with this provider
                assert outcomes[-1] == PutOff(in_doubt=True, of_all=True)
        assert sum(isinstance(each, Taken) for each in outcomes) >= 3
        await provider.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_receipts_are_asked_for(kind: Any):
    async with stand_in(kind) as there:
        provider = there.provider("first")
        sent = [message() for _ in range(4)]
        taken = [await provider.send(each) for each in sent]
        ids = [str(each.request_id) for each in sent]
        there.ends |= {
            ids[0]: ("delivered", None),
            ids[1]: ("failed", "absent"),
            ids[2]: ("rejected", "gateway"),
        }
        asked = [Asked(each.request_id, of.reference) for each, of in zip(sent, taken, strict=True)]  # type: ignore[union-attr]
        found = {each.request_id: (each.state, each.reason) for each in await provider.ask(asked)}
        assert found == {
            sent[0].request_id: ("delivered", None),
            sent[1].request_id: ("failed", "unreachable"),
            sent[2].request_id: ("failed", "carrier"),
        }
        there.die()
        assert await provider.ask(asked) == []
        await provider.close()


def test_a_callback_is_read_and_nothing_else_is():
    request_id = UUID(int=uuid7().int)
    said = {"RequestId": str(request_id), "SMSID": "a1", "SendStatus": "5", "SendSuccess": "1"}
    assert called(said) == Receipt(request_id, "a1", "delivered")
    assert called(said | {"SendSuccess": "0"}) == Receipt(request_id, "a1", "failed", "unreachable")
    assert called(said | {"SendStatus": "4"}) == Receipt(request_id, "a1", "failed", "carrier")
    assert called(said | {"SendStatus": "7"}) is None
    for broken in (
        {},
        said | {"SMSID": "a\0"},
        said | {"RequestId": "1"},
        said | {"SMSID": None},
        said | {"SendStatus": [5]},
    ):
        with pytest.raises(Unreadable):
            called(broken)


def test_numbers_texts_and_secrets_are_not_printed():
    account = Account("khoa", "bi-mat", "SXD", {}, "http://x/bi-mat")
    assert "bi-mat" not in repr(account) and "912345678" not in repr(message())
    assert "tiep nhan" not in repr(message())


def test_a_provider_that_fails_or_is_slow_is_left_alone():
    clock = Clock()
    health = Health(clock)
    for _ in range(FAILED_IN_A_ROW - 1):
        health.met(well=False, seconds=0.1)
    health.met(well=True, seconds=0.1)
    assert health.up
    for _ in range(FAILED_IN_A_ROW):
        health.met(well=False, seconds=0.1)
    assert not health.up and not health.look_is_due
    waits = []
    for _ in range(8):
        began = clock.now
        while not health.look_is_due:
            clock.pass_by(seconds=1)
        waits.append((clock.now - began).total_seconds())
        health.looked(there=False)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    clock.pass_by(minutes=5)
    health.looked(there=True)
    assert health.up
    for _ in range(20):
        health.met(well=True, seconds=6.0)
    assert not health.up
    # One that goes and comes is looked at less and less; one that had been up for long, soon.
    clock.pass_by(hours=1)
    health.looked(there=True)
    clock.pass_by(hours=1)
    for _ in range(FAILED_IN_A_ROW):
        health.met(well=False, seconds=0.1)
    clock.pass_by(seconds=LOOK_FIRST.total_seconds())
    assert health.look_is_due
    assert timedelta(seconds=5) == LOOK_FIRST


def test_a_clock_that_was_ahead_leaves_no_provider_alone():
    clock = Clock()
    health = Health(clock)
    clock.pass_by(days=1)
    for _ in range(FAILED_IN_A_ROW):
        health.met(well=False, seconds=0.1)
    assert not health.look_is_due
    clock.pass_by(days=-1)
    assert health.look_is_due


def test_reasons_are_a_closed_set():
    assert set(get_args(FailureReason)) == {"unreachable", "blocked", "no_such_number", "carrier"}
