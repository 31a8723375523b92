"""The pages in a real browser: every page on a desk's screen and on a phone, in both languages, and a day at the desk without script."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from playwright.async_api import expect

from tests.intake.papers.sending import large
from tests.pages.browsing import IN_A_BROWSER, PHONE, READERS, Open, fill_in, log_in, looked_at
from tests.pages.test_applicant import CODE, FILE
from tests.pages.test_officer import file
from tests.pages.town import Town

pytestmark = IN_A_BROWSER


@pytest.fixture
async def filed(town: Town) -> UUID:
    return await file(town)


@READERS
async def test_applicants_pages_can_be_read_by_everybody(
    town: Town, new_page: Open, size: dict[str, int], lang: str
) -> None:
    page = await new_page(size)
    kind = f"{lang}-{'phone' if size == PHONE else 'desk'}"
    await log_in(page, town.intake, "nguoi-nop-1")
    await page.goto(f"{town.intake}/?lang={lang}")
    for name, path in (
        ("procedures", "/?q=chung+chi"),
        ("procedure", f"/procedures/{CODE}"),
        ("missing", "/procedures/x"),
        ("lookup", "/lookup?code=H29.015.00-260101-9999"),
        ("form", FILE),
    ):
        await page.goto(f"{town.intake}{path}")
        await looked_at(page, f"intake-{name}-{kind}")
    await page.click("main button[type=submit]")
    await looked_at(page, f"intake-faults-{kind}")
    await fill_in(page, CODE)
    await page.click("main button[type=submit]")
    await looked_at(page, f"intake-papers-{kind}")
    await page.set_input_files(
        "#file-1", {"name": "Đơn đề nghị.pdf", "mimeType": "application/pdf", "buffer": large(900_000)}
    )
    await page.set_input_files("#file-2", {"name": "ảnh.gif", "mimeType": "image/gif", "buffer": b"GIF89a"})
    await expect(page.locator("#file-1-brought button[name=remove]")).to_be_visible()
    await expect(page.locator("#file-2-brought .govuk-error-message")).to_be_visible()
    await looked_at(page, f"intake-papers-faults-{kind}")
    await page.click("main button[value=check]")
    await expect(page.locator("#file-2-brought button")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#file-2")).to_be_focused()
    await page.click("main button[value=check]")
    await looked_at(page, f"intake-check-{kind}")
    await page.click("main button[name=confirmed]")
    await expect(page.locator(".govuk-panel--confirmation")).to_be_visible()
    await looked_at(page, f"intake-receipt-{kind}")
    await page.goto(page.url.partition("?")[0] + "/withdrawal")
    await looked_at(page, f"intake-withdrawal-{kind}")
    await page.goto(f"{town.intake}/dossiers")
    await looked_at(page, f"intake-mine-{kind}")


@READERS
async def test_officers_pages_can_be_read_by_everybody(
    town: Town, new_page: Open, filed: UUID, size: dict[str, int], lang: str
) -> None:
    page = await new_page(size)
    kind = f"{lang}-{'phone' if size == PHONE else 'desk'}"
    await page.goto(f"{town.processing}/")
    await looked_at(page, f"provider-{kind}")
    await page.click("button[value=lanh-dao]")
    dossier = f"/dossiers/{filed}"
    for name, path in (
        ("queues", "/"),
        ("queue", "/queues/waiting-in-time"),
        ("dossier", f"{dossier}?people=1"),
        ("accept", f"{dossier}/accept"),
        ("supplement", f"{dossier}/request-supplement"),
        ("refused", f"{dossier}/resolve"),
        ("search", "/search"),
        ("absences", "/absences"),
        ("unit", "/unit"),
        ("signatures", "/unit/signatures"),
        ("transfers", "/unit/transfers"),
        ("asked-late", "/unit/asked-late"),
        ("register", "/register"),
        ("register-faults", "/register?from=x"),
        ("calendar", "/calendar?year=2026"),
        ("preview", f"/calendar/preview?day={a_day_ahead()}&kind=off"),
        ("preview-faults", "/calendar/preview"),
    ):
        await page.goto(f"{town.processing}{path}{'&' if '?' in path else '?'}lang={lang}")
        await looked_at(page, f"processing-{name}-{kind}")
    await page.goto(f"{town.processing}{dossier}/reject")
    await page.click("main button[type=submit]")
    await expect(page.locator(".govuk-error-summary")).to_be_visible()
    await looked_at(page, f"processing-faults-{kind}")
    await page.goto(f"{town.processing}{dossier}/accept")
    await page.click("main button[type=submit]")
    await looked_at(page, f"processing-check-{kind}")
    await page.click("main button[type=submit]")
    await looked_at(page, f"processing-accepted-{kind}")
    await page.goto(f"{town.processing}{dossier}/take")
    await looked_at(page, f"processing-take-{kind}")


def a_day_ahead() -> date:
    """A working day to declare off: a Wednesday in a month or so."""
    ahead = date.today() + timedelta(days=30)  # noqa: DTZ011
    return ahead + timedelta(days=(2 - ahead.weekday()) % 7)


async def test_a_day_at_the_desk_without_script(town: Town, new_page: Open, filed: UUID) -> None:
    page = await new_page(java_script_enabled=False)
    await log_in(page, town.processing, "chuyen-vien-1")
    await page.click("text=Chờ tiếp nhận, còn trong hạn")
    await page.click(f"a[href='/dossiers/{filed}']")
    for act, typed in (
        ("accept", None),
        ("take", None),
        ("forward", "input[value=ky_duyet]"),
        ("resolve", "input[value=granted]"),
        ("return", "input[value=postal]"),
    ):
        await page.click(f"main a[href$='/{act}']")
        if typed:
            await page.check(typed)
        while await page.locator("main button[type=submit]").count():
            await page.click("main button[type=submit]")
        await expect(page.locator(".govuk-notification-banner")).to_contain_text("Đã xong")
    await expect(page.locator("h1")).to_contain_text("Đã trả kết quả")
