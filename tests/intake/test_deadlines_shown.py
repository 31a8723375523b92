"""An applicant sees until when to bring what is asked for, as it was told last."""

from __future__ import annotations

from datetime import date

from tests.intake.conftest import Front
from tests.intake.test_following import delivered, hear
from tests.intake.test_whole_life import BACK, FEE, SUPPLEMENT, accepted, seen


async def test_a_deadline_that_moves_is_shown_of_its_own_request(front: Front) -> None:
    """Also when a reversal brings the request back, and not of another one."""
    dossier_id = await accepted(front)
    asked = delivered(dossier_id, 2, "SupplementRequested", **SUPPLEMENT)
    moved = delivered(dossier_id, 3, "DeadlineChanged", request=2, deadline_on=date(2026, 4, 1))
    await hear(front, [asked, moved])
    shown = await seen(front, dossier_id)
    assert (shown["status"], shown["deadline_on"]) == ("supplement_requested", "2026-04-01")
    assert [one["what"] for one in shown["history"]][-1] == "DeadlineChanged"
    await hear(front, [delivered(dossier_id, 4, "SupplementAccepted", **BACK)])
    assert (await seen(front, dossier_id))["deadline_on"] is None
    back = {"sequence": 4, "status": "supplement_requested", "due_on": None}
    await hear(front, [delivered(dossier_id, 5, "DossierReversed", **back)])
    assert (await seen(front, dossier_id))["deadline_on"] == "2026-04-01"
    again = delivered(dossier_id, 6, "SupplementRequested", **SUPPLEMENT)
    await hear(front, [again])
    assert (await seen(front, dossier_id))["deadline_on"] == str(SUPPLEMENT["deadline_on"])


async def test_a_fees_deadline_that_moves_is_shown(front: Front) -> None:
    dossier_id = await accepted(front)
    moved = delivered(dossier_id, 3, "DeadlineChanged", request=2, deadline_on=date(2026, 4, 1))
    await hear(front, [delivered(dossier_id, 2, "FeeRequested", **FEE), moved])
    shown = await seen(front, dossier_id)
    assert (shown["fee_vnd"], shown["deadline_on"]) == (300_000, "2026-04-01")
