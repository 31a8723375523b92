"""Whose dossiers an import may act on."""

from __future__ import annotations

from services.processing.desk.rights import SOURCE_UNKNOWN
from tests.processing.conftest import House
from tests.processing.desk.test_bulk import WHOLE, item


async def test_an_import_acts_on_what_its_own_source_brought(house: House) -> None:
    (own,) = await house.submitted()
    (filed_here,) = await house.submitted(source=None)
    (of_another,) = await house.submitted(source="other")
    (of_before,) = await house.submitted(source=SOURCE_UNKNOWN)
    nameless = {"dossier_id": str(own), "acts": WHOLE}
    items = [
        *(item(dossier, WHOLE) for dossier in (filed_here, of_another)),
        nameless,
        nameless | {"source": "test"},
        nameless | {"case": "7"},
    ]
    answers = [(await house.bulk([each]))[0] for each in items]
    assert [(answer["outcome"], answer["code"]) for answer in answers] == [
        ("refused", "not-imported"),
        ("refused", "imported-elsewhere"),
        *[("refused", "case-missing")] * 3,
    ]
    for dossier in (filed_here, of_another, own):
        assert await house.desk.store.load(dossier) == []
    # What was refused has taken no case.
    owner = await house.owner()
    dossiers = [own, filed_here, of_another]
    assert (
        await owner.fetchval("SELECT count(*) FROM imported_cases WHERE dossier_id = ANY($1)", dossiers) == 0
    )
    await owner.close()
    recorded = await house.bulk([item(own, WHOLE, case="7"), item(of_before, WHOLE)])
    assert [answer["outcome"] for answer in recorded] == ["recorded", "recorded"]
