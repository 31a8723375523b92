"""Every text of every page is there in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from services.chassis.http.texts import Texts, catalogue

SERVICES = Path(__file__).parents[2] / "services"
ROOMS = {
    SERVICES / "chassis" / "http": SERVICES / "chassis" / "http" / "shell",
    SERVICES.parent / "contracts" / "page_words": SERVICES.parent / "contracts" / "page_words",
    SERVICES / "intake" / "pages": SERVICES / "intake" / "pages",
    SERVICES / "notify" / "choices": SERVICES / "notify" / "choices",
    SERVICES / "processing" / "pages": SERVICES / "processing" / "pages",
}
"""Where texts stand, and where their English does."""
METHODS = [("**.html", "jinja2"), ("**.py", "python")]
VIETNAMESE = re.compile(
    "[ăâđêôơưáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ]", re.IGNORECASE
)
OF_ITSELF = {"Tiếng Việt", "Một Cửa"}
"""What bears its own name in both languages."""


def texts(room: Path) -> set[str]:
    found = extract_from_dir(room, METHODS, keywords={"_": None, "N_": None})
    return {str(message) for _, _, message, _, _ in found}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(SERVICES.parent)))
def test_every_text_is_there_in_both_languages(room: Path) -> None:
    said, english = texts(room), catalogue(ROOMS[room])
    assert len(said) > 10
    assert said - english.keys() == set(), "without English"
    assert english.keys() - said == set(), "said nowhere"
    for text in said:
        wanted, given = (set(re.findall(r"\{(\w+)\}", each)) for each in (text, english[text]))
        assert wanted == given, text


def test_a_text_of_two_rooms_is_translated_alike() -> None:
    seen: dict[str, str] = {}
    for folder in ROOMS.values():
        for text, english in catalogue(folder).items():
            assert seen.setdefault(text, english) == english, text


def test_a_text_without_english_is_said_in_vietnamese() -> None:
    assert Texts([]).say("en", "Đăng nhập") == "Đăng nhập"
    assert Texts(list(ROOMS.values())).say("en", "Đăng nhập") == "Log in"
    assert Texts(list(ROOMS.values())).say("vi", "Đăng nhập") == "Đăng nhập"


class _Words(HTMLParser):
    """What a template says outside of its expressions."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for _, value in attrs if value]


def bare(template: str) -> Iterator[str]:
    words = _Words()
    words.feed(re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", template, flags=re.DOTALL))
    yield from (text for text in words.found if VIETNAMESE.search(text) and text not in OF_ITSELF)


def test_no_template_says_anything_past_the_catalogue() -> None:
    assert [*bare("<p>Hồ sơ</p>")] == ["Hồ sơ"] and [*bare("<p title='{{ _('Hồ sơ') }}'></p>")] == []
    found = {
        path.name: said
        for folder in ROOMS.values()
        for path in folder.glob("*.html")
        if (said := [*bare(path.read_text(encoding="utf-8"))])
    }
    assert found == {}
