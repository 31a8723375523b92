"""An applicant is reached elsewhere from now on, and says so on the dossier's page."""

from __future__ import annotations

from collections.abc import Callable

from services.intake.people.store import CONTACTS
from tests.pages.test_applicant import FILE, file
from tests.pages.town import Town, Visitor


async def test_an_applicant_gives_another_address(town: Town, visit: Callable[[str], Visitor]) -> None:
    applicant, other = visit("intake"), visit("intake")
    await applicant.log_in("nguoi-nop-1", FILE)
    dossier_id = await file(applicant, email="cu@example.vn", phone="0912345678")
    path = f"/dossiers/{dossier_id}/contact"
    assert path in (await applicant.get(f"/dossiers/{dossier_id}")).text
    form = await applicant.get(path)
    assert 'value="cu@example.vn"' in form.text and 'value="+84912345678"' in form.text
    wrong = await applicant.send(form, path, email="khong-phai", phone="+84912345678")
    assert wrong.status_code == 422 and 'href="#email"' in wrong.text and 'value="khong-phai"' in wrong.text
    done = await applicant.send(form, path, email="moi@example.vn", phone="")
    assert done.status_code == 303
    assert "Đã lưu cách liên lạc." in (await applicant.get(done.headers["location"])).text
    said = [message.value for _, message in await CONTACTS.read(town.intake_pool, 0, 10_000)]
    assert b"moi@example.vn" in said[-1] and b"+84" not in said[-1]
    await other.log_in("nguoi-nop-2")
    for asked in (await other.get(path), await other.post(path, [("csrf", "x"), ("email", "la@example.vn")])):
        assert asked.status_code in (403, 404) and "moi@example.vn" not in asked.text
