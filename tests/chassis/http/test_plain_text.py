"""Text from outside: one form for what looks the same, and nothing that nobody sees."""

import hashlib
import json
import sys
import unicodedata

import pytest
from email_validator import validate_email
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.http.mail_address import _PLAIN, mail_address
from services.chassis.http.plain_text import UNSEEN, _seen, plain_json
from services.chassis.http.problems import Problem

DRAWN_AS_NOTHING = set("\u034f\u115f\u1160\u3164\uffa0")
# Marks of Unicode 15, and characters of it that nobody sees: on Python 3.11 they are none.
ORDERED_LATER = set(
    "\U00010efd\U00010efe\U00010eff\U00011f41\U00011f42\U0001e08f\U0001e4ec\U0001e4ed\U0001e4ee\U0001e4ef"
)
UNSEEN_LATER = set(map(chr, range(0x13439, 0x13440)))
ENDS_OF_LINES = set("\t\n\r")


def test_every_character_that_nobody_sees_is_known():
    categories = {"Cc", "Cf", "Zl", "Zp"}
    unseen = {
        chr(each) for each in range(sys.maxunicode + 1) if unicodedata.category(chr(each)) in categories
    }
    assert {chr(each) for each in range(sys.maxunicode + 1) if UNSEEN.match(chr(each))} == (
        (unseen - ENDS_OF_LINES) | DRAWN_AS_NOTHING | ORDERED_LATER | UNSEEN_LATER
    )
    everything = map(chr, range(sys.maxunicode + 1))
    assert all(_seen(each) is (UNSEEN.search(each) is None) for each in everything)


def test_every_python_puts_marks_in_the_same_order():
    """What NFC goes by of each character that is let in: its order among marks, and what it is put together of."""
    told = hashlib.sha256()
    for each in map(chr, range(sys.maxunicode + 1)):
        order, parts = unicodedata.combining(each), unicodedata.decomposition(each)
        if (order or (parts and parts[0] != "<")) and not UNSEEN.match(each):
            told.update(f"{ord(each)} {order} {parts}".encode())
    assert told.hexdigest()[:16] == "591d15e853ed916e"
    for mark in ORDERED_LATER:
        with pytest.raises(Problem) as refused:
            plain_json(json.dumps({"a": f"a{mark}\u0323"}, ensure_ascii=False).encode())
        assert refused.value.code == "text-not-plain"


@pytest.mark.parametrize(
    ("sent", "plain"),
    [
        (rb'{"a": "x\n\u000a\u0022"}', rb'{"a": "x\n\u000a\u0022"}'),
        ('{"a": "Nguyễn"}'.encode(), '{"a": "Nguyễn"}'.encode()),
        ('{"a": "Nguye\u0302\u0303n"}'.encode(), '{"a": "Nguyễn"}'.encode()),
        (rb'{"a": "Nguye\u0302\u0303n"}', '{"a": "Nguyễn"}'.encode()),
        (rb'{"a": "\\u0302"}', rb'{"a": "\\u0302"}'),
        (
            rb'{"n": 1' + b"0" * 5000 + rb', "a": "e\u0302"}',
            b'{"n": 1' + b"0" * 5000 + ', "a": "ê"}'.encode(),
        ),
        (rb'{"a": "\ud83d\ude00 \ud83d"}', rb'{"a": "\ud83d\ude00 \ud83d"}'),
    ],
)
def test_letters_that_look_the_same_are_the_same(sent: bytes, plain: bytes):
    assert plain_json(sent) == plain


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ('{"name": "An\u202eB"}', "name"),
        ('{"name": "An\u200b"}', "name"),
        ('{"name": "A\u00adn"}', "name"),
        (r'{"name": "A\u00adn"}', "name"),
        (r'{"a": [1, {"b": "x\u202E"}]}', "a.1.b"),
        (r'{"a": "\u0007"}', "a"),
        (r'{"a": "\f"}', "a"),
        (r'{"a": "\\\b"}', "a"),
        ('{"a": {"\u200b": 1}}', "a.(name)"),
        ('{"n": 1' + "0" * 5000 + ', "a": "\x7f"}', "a"),
    ],
)
def test_text_from_outside_is_plain(sent: str, field: str):
    with pytest.raises(Problem) as raised:
        plain_json(sent.encode())
    assert (raised.value.status, raised.value.code, raised.value.field) == (422, "text-not-plain", field)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the addresses
@given(st.from_regex(_PLAIN, fullmatch=True))
def test_the_library_says_the_same(address: str):
    parts = mail_address(address)
    if parts is not None:
        read = validate_email(address, check_deliverability=False, allow_smtputf8=False)
        assert parts == (read.ascii_local_part, read.ascii_domain)
