"""Return paths: each letter's own, without a person in it, and nobody else makes one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from services.notify.choices.kinds import Links
from services.notify.returns.return_path import BASE_CHARACTERS_MAX, Returned, ReturnPaths

KEY, EARLIER = bytes(range(64)), bytes(64)
PATHS = ReturnPaths("tra-lai@return.motcua.test", [KEY])


@given(st.uuids(), st.integers(0, 255), st.booleans())
def test_a_return_path_says_its_letter(notice_id, sending, shouted):
    path = PATHS.of(notice_id, sending, "an@example.org")
    returned = PATHS.read(path.upper() if shouted else path)  # some servers write addresses as they like
    assert returned is not None and returned[:2] == (notice_id, sending)
    assert PATHS.fits(returned, "an@example.org") and not PATHS.fits(returned, "moi@example.org")
    assert str(notice_id) not in path and notice_id.hex not in path and "example" not in path


def test_a_return_path_fits_in_an_envelope():
    longest = ReturnPaths("a" * BASE_CHARACTERS_MAX + "@return.motcua.test", [KEY])
    path = longest.of(uuid7(), 255, "an@example.org")
    assert len(path.partition("@")[0]) == 64 and longest.read(path)


@given(st.integers(0, 44), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_nobody_makes_up_a_return_path(place, letter):
    """Not by changing one of a letter of one's own, and not with a key of another purpose."""
    path = PATHS.of(uuid7(), 0, "an@example.org")
    begin = path.index("+") + 1 + place
    made_up = path[:begin] + letter + path[begin + 1 :]
    read, own = PATHS.read(made_up), PATHS.read(path)
    assert read is None or read == own  # the last letter has bits to spare


@pytest.mark.parametrize(
    "address",
    ["", "@", "tra-lai@return.motcua.test", "tra-lai+@return.motcua.test", "an@example.org", "tra-lai+" + "a" * 45 + "@return.motcua.test",
     "tra-lai+" + "ă" * 45 + "@return.motcua.test", "tra-lai+" + "1" * 45 + "@return.motcua.test"],
)  # fmt: skip
def test_what_is_no_return_path_says_nothing(address: str):
    assert PATHS.read(address) is None


def test_another_house_or_key_is_not_believed():
    path = PATHS.of(uuid7(), 0, "an@example.org")
    assert ReturnPaths("tra-lai@return.motcua.test", [EARLIER]).read(path) is None
    assert ReturnPaths("tra-lai@elsewhere.test", [KEY]).read(path) is None
    assert Links("https://x", [KEY]).notice_of(path.partition("+")[2].partition("@")[0]) is None


def test_a_key_can_be_changed():
    path = PATHS.of(uuid7(), 3, "an@example.org")
    returned = ReturnPaths("tra-lai@return.motcua.test", [EARLIER, KEY]).read(path)
    assert isinstance(returned, Returned) and returned.sending == 3
    assert ReturnPaths("tra-lai@return.motcua.test", [EARLIER, KEY]).fits(returned, "an@example.org")
