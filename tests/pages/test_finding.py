from datetime import date

import pytest

from contracts.catalogue.shipped import PROCEDURES
from services.intake.pages.finding import find, plain

ON = date(2026, 11, 2)


def codes(asked: str, **more: str) -> list[str]:
    return [found.procedure.code for found in find(PROCEDURES.values(), ON, asked, **more)]


@pytest.mark.parametrize(
    ("with_accents", "without"),
    [
        ("giấy phép xây dựng", "giay phep xay dung"),
        ("Điều chỉnh", "DIEU CHINH"),
        ("chứng chỉ", "  chung   chi "),
    ],
)
def test_a_procedure_is_found_without_accents(with_accents: str, without: str) -> None:
    assert codes(with_accents) == codes(without) != []


def test_every_word_counts_and_whole_codes_do() -> None:
    assert codes("1.009982") == ["1.009982"]
    assert set(codes("chung chi cap lai")) < set(codes("chung chi"))
    assert codes("chung chi khong he co") == [] and codes("x" * 10_000) == []
    assert codes("") == codes("   ") and len(codes("")) > 10
    assert set(codes("", field="Vật liệu xây dựng")) == {"1.006871"}
    assert set(codes("", level="full")) | set(codes("", level="partial")) == set(codes(""))


def test_what_is_abolished_is_not_found() -> None:
    assert "1.009973" not in codes("tham dinh thiet ke")


def test_letters_of_every_tone_become_plain() -> None:
    assert plain("ĐƯỜNG Ở Quận Bảy, ẵẫỗữỹ") == "duong o quan bay, aaouy"
