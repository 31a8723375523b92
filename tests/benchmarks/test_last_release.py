"""What became dearer since the last release is told, with the parts that did."""

from pathlib import Path

from tests.benchmarks import last_release
from tests.benchmarks.measure import Spread
from tests.benchmarks.results import Row, medians, parts


def row(cost: float, **consists: float) -> Row:
    return Row("accept", "accept", "µs/dossier", Spread([cost]), parts={"ours": consists})


def test_a_row_that_became_dearer_by_more_than_a_tenth_is_told(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    last_release.keep(
        [row(200, intake=150, postgres=50), Row("x", "a second", "dossiers/s", Spread([9]))], path
    )
    before = last_release.read(path)
    assert list(before) == ["accept"]
    assert last_release.dearer([row(219, intake=100, postgres=119)], before) == []
    assert last_release.dearer([row(240, intake=150, postgres=90), row(1)], {}) == []
    assert last_release.dearer([row(240, intake=150, postgres=90)], before) == [
        "dearer: accept: 200 → 240 µs/dossier (postgres 50.0 → 90.0)"
    ]


def test_the_last_releases_figures_are_there() -> None:
    assert all(figures["ours"] > 0 for figures in last_release.read().values())


def test_a_row_is_missed_by_its_ratio_or_by_its_own_cost() -> None:
    def verdict(cost: float, beside: float) -> str:
        return Row("x", "x", "µs", Spread([cost]), Spread([beside]), 1 / 10, at_most=100).verdict

    assert [verdict(90, 1_000), verdict(90, 800), verdict(110, 2_000)] == ["met", "missed", "missed"]


def test_parts_are_medians_dearest_first() -> None:
    found = medians([{"a": 1, "b": 5}, {"a": 3, "b": 9}, {"a": 2, "b": 7}])
    assert parts([row(9, **found)]) == ["accept: ours: b 7, a 2"]
