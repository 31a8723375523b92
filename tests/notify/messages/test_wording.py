"""Text messages as people read them: one ASCII message each, with nothing cut off."""

import re
from dataclasses import replace
from typing import Any

import pytest

from contracts.catalogue.offices import load
from services.notify.notice import TOLD_BY, Channel
from services.notify.wording.messages import (
    CHARACTERS_MAX,
    OFFICE_CHARACTERS_MAX,
    TEMPLATES,
    ShortTexts,
    Unfitting,
    faults_of,
    office_name,
    plain_ascii,
    short_text,
)
from tests.notify.examples import CODE, CODE_KEY, told
from tests.notify.test_texts import UNREADABLE, VARIANTS

BY_MESSAGE = sorted(about for about, channels in TOLD_BY.items() if Channel.SMS in channels)
LONGEST: dict[str, dict[str, Any]] = {
    "FeePaid": {"amount": 10**12, "currency": "VND"},
    "FeeRequested": {"amount_vnd": 10**12},
}
MESSAGES = [(about, facts) for about, facts in VARIANTS if about in BY_MESSAGE]


@pytest.mark.parametrize(("about", "facts"), MESSAGES)
@pytest.mark.parametrize("provisional", [False, True])
def test_every_text_fits_in_one_message(about: str, facts: dict[str, Any], provisional: bool):
    """With the longest office, the longest reference, every code, provisional dates, the largest amounts."""
    known = replace(told(about, **LONGEST.get(about, {}) | facts), sealed_code=None)
    if "provisional" in known.facts:
        known = replace(known, facts=known.facts | {"provisional": provisional})
    said = short_text(known, "X" * OFFICE_CHARACTERS_MAX, None)
    assert len(said.text) <= CHARACTERS_MAX
    assert re.fullmatch(r"[A-Za-z0-9 .,:;()/+-]+", said.text)  # what one message of a telephone has room for
    assert "None" not in said.text and "  " not in said.text and "{" not in said.text
    assert not UNREADABLE.findall(said.text.replace("TP.HCM", "x").replace(str(known.dossier_id), "x"))


def test_every_event_that_is_told_by_message_has_its_text():
    assert sorted(TEMPLATES) == BY_MESSAGE
    assert all("{office}" in text and "{reference}" in text for text in TEMPLATES.values())


def test_the_shipped_offices_fit_and_are_called_as_everybody_writes_them():
    assert faults_of(load()) == []
    assert office_name("Sở Xây dựng Thành phố Hồ Chí Minh") == "So Xay dung TP.HCM"


def test_a_name_that_fits_in_no_message_is_told_at_the_start():
    register = load()
    (fault, *_) = faults_of(
        type(register)(
            [office.model_copy(update={"name_vi": "Cơ quan " * 9}) for office in register.offices], []
        )
    )
    assert fault.startswith("H29.015.00: its name takes 72 characters of a text message")


def test_what_does_not_fit_is_never_cut():
    with pytest.raises(Unfitting):
        short_text(told("DossierAccepted"), "X" * 120, None)
    with pytest.raises(Unfitting):
        short_text(told("DossierAccepted"), "X\n", CODE)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Đã tiếp nhận đơn", "Da tiep nhan don"),
        ("ăâêôơưđ ĂÂÊÔƠƯĐ ỳýỷỹỵ", "aaeooud AAEOOUD yyyyy"),
        ("Đ" + "a\u0323\u0302", "Da"),
        ("07:30–11:30 “x”", '07:30-11:30 "x"'),
    ],
)
def test_accents_are_taken_off_by_rule(text: str, plain: str):
    assert plain_ascii(text) == plain


def test_a_message_reads_like_this():
    texts = ShortTexts(code_keys=(CODE_KEY,), register=load())
    accepted = texts.of(told("DossierAccepted"))
    assert accepted.text == (
        f"So Xay dung TP.HCM: da tiep nhan ho so {CODE} luc 09:00 20/11/2026, hen tra 10/12/2026."
    )
    assert accepted.parts == ("So Xay dung TP.HCM", CODE, "09:00 20/11/2026", ", hen tra 10/12/2026")
    reversed_ = texts.of(told("DossierReversed")).text
    assert reversed_.endswith(": huy viec tiep nhan cua ho so " + CODE + ". Chi tiet xem noi da nop.")
    moved = texts.of(told("DueDateChanged", old_due_on="2027-01-04", due_on="2027-01-04")).text
    assert moved.endswith(f"ngay hen tra ho so {CODE} van la 04/01/2027.")
