"""Which event gives which notices: decisions as values."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from contracts import intake, notify, processing
from services.notify.incoming import PASSED_OVER
from services.notify.notice import (
    EVENTS,
    LAPSES_AFTER,
    TELLS_NOBODY,
    TOLD_BY,
    Channel,
    Happened,
    decide,
    muted,
    notice_id_of,
)
from tests.notify.examples import NOW

BOTH = frozenset(Channel)


def happened(about: str = "DossierAccepted", **changes: object) -> Happened:
    facts: dict[str, object] = {
        "event_id": uuid7(),
        "about": about,
        "dossier_id": uuid7(),
        "recorded_at": NOW,
        "origin": None,
    }
    return Happened(**(facts | changes))  # type: ignore[arg-type]


def test_every_event_of_a_dossier_is_told_or_passed_over():
    said = {m.__name__ for m in (*intake.MESSAGES, *processing.MESSAGES) if m.topic == "dossiers"}
    passed_over = {name.removesuffix(".v1") for name in PASSED_OVER}
    assert said == set(TOLD_BY) | TELLS_NOBODY | passed_over and not (passed_over | TELLS_NOBODY) & set(
        TOLD_BY
    )


@pytest.mark.parametrize("about", sorted(TOLD_BY))
def test_each_event_gives_one_notice_a_channel(about: str):
    notices = decide(happened(about), NOW, BOTH)
    inbox_alone = {
        "DossierForwarded",
        "OpinionRequested",
        "OpinionGiven",
        "ConsentDeemed",
        "OpinionDeadlineChanged",
        "DossierHandedOver",
    }
    expected = {Channel.INBOX} if about in inbox_alone else set(Channel)
    assert {n.channel for n in notices} == expected
    assert len(notices) == len(expected)


def test_a_channel_that_is_switched_off_gets_nothing():
    assert [n.channel for n in decide(happened(), NOW, {Channel.INBOX})] == [Channel.INBOX]


@given(
    origin=st.one_of(st.none(), st.text()),
    about=st.sampled_from(sorted(TOLD_BY)),
    hours=st.integers(0, 10_000),
)
def test_only_an_import_mutes(origin: str | None, about: str, hours: int):
    event = happened(about, origin=origin)
    assert muted(event) == (origin == "import")
    assert (decide(event, NOW + timedelta(hours=hours), BOTH) == []) == (origin == "import")


@given(seconds=st.integers(-3600, 10 * 86_400))
def test_a_late_notice_lapses(seconds: int):
    delay = timedelta(seconds=seconds)
    assert {n.lapsed for n in decide(happened(), NOW + delay, BOTH)} == {delay > LAPSES_AFTER}


def test_exactly_72_hours_is_not_late():
    assert not any(n.lapsed for n in decide(happened(), NOW + LAPSES_AFTER, BOTH))


def test_a_notice_id_is_a_function_of_event_and_channel():
    event_id = uuid7()
    assert notice_id_of(event_id, Channel.EMAIL) == notice_id_of(event_id, Channel.EMAIL)
    assert notice_id_of(event_id, Channel.EMAIL) != notice_id_of(event_id, Channel.INBOX)
    assert notice_id_of(event_id, Channel.EMAIL) != notice_id_of(uuid7(), Channel.EMAIL)


def test_a_notice_id_keeps_the_events_time():
    event_id = uuid7()
    notice_id = notice_id_of(event_id, Channel.INBOX)
    assert notice_id.version == 7
    assert notice_id.variant == "specified in RFC 4122"
    assert notice_id.int >> 80 == event_id.int >> 80


def test_what_is_recorded_can_be_said():
    assert EVENTS.names == {message.__name__ for message in notify.MESSAGES}
