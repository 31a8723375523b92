"""Journeys of staff by keyboard alone: a day at the desk, a filing at the counter, and a declaration by two persons."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from playwright.async_api import expect

from tests.pages.browsing import IN_A_BROWSER, Open, choose, follow, log_in, tab_to
from tests.pages.test_browser import a_day_ahead
from tests.pages.test_counter import COUNTER
from tests.pages.test_officer import file
from tests.pages.town import Town
from tests.processing.examples import OFFICE

pytestmark = IN_A_BROWSER


@pytest.fixture
async def filed(town: Town) -> UUID:
    return await file(town)


@pytest.mark.parametrize("by_keyboard", [False, True], ids=["without-script", "by-keyboard"])
async def test_two_persons_declare_a_day_after_looking_ahead(
    town: Town, new_page: Open, filed: UUID, by_keyboard: bool
) -> None:
    """From the preview to the confirmation, and back again; once something was filed, the house's clock is that of today."""
    assert filed
    day, page = a_day_ahead() + timedelta(days=by_keyboard), await new_page(java_script_enabled=by_keyboard)

    async def press(selector: str) -> None:
        await (follow(page, selector) if by_keyboard else page.click(selector))

    async def fill(selector: str, value: str | date) -> None:
        if not by_keyboard:
            await page.fill(selector, str(value))
            return
        await tab_to(page, selector)
        await page.keyboard.type(value if isinstance(value, str) else f"{value:%m%d%Y}")

    async def log_in_as(subject: str) -> None:
        await page.context.clear_cookies()
        if by_keyboard:
            await page.goto(f"{town.processing}/log-in")
            await follow(page, f"button[value={subject}]")
        else:
            await log_in(page, town.processing, subject)
        await expect(page.locator("h1")).to_contain_text("Lịch làm việc")

    await log_in_as("giu-lich-1")
    await fill("#day", day)
    if by_keyboard:
        await choose(page, "kind", "off")
    else:
        await page.check("[name=kind][value=off]")
    await fill("#document", "Công văn 2222/VPCP-KGVX")
    await fill("#announced_on", date(2026, 1, 5))
    await press("main form .govuk-button")
    await expect(page.locator("h1")).to_contain_text("Nếu khai báo ngày")
    await press("button[value=declare]")
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("người thứ hai")
    await log_in_as("giu-lich-2")
    await press(f"main a[href*='day={day}']")
    await press("button[value=confirm]")
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("tính lại")
    await expect(page.locator("main")).to_contain_text("2222/VPCP-KGVX")
    await press(f"main a[href*='act=withdraw&day={day}']")
    await press("button[value=withdraw]")
    await log_in_as("giu-lich-1")
    await press(f"main a[href*='day={day}']")
    await press("button[value=confirm]")
    await expect(page.locator("main")).not_to_contain_text("2222/VPCP-KGVX")


async def test_a_day_at_the_desk_by_keyboard_alone(town: Town, new_page: Open, filed: UUID) -> None:
    """From the log-in to the result handed over; what is typed is typed, and nothing is clicked."""
    page = await new_page()
    await page.goto(f"{town.processing}/log-in")
    await follow(page, "button[value=chuyen-vien-1]")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "govuk-skip-link"
    await page.keyboard.press("Enter")
    await follow(page, f"a[href='/queues/waiting-in-time?desk={OFFICE}']")
    await follow(page, f"a[href='/dossiers/{filed}']")
    await follow(page, "a[href*='people=1']")
    await expect(page.locator("main")).to_contain_text("Nguyễn Văn Thử")
    for act, chosen in (
        ("accept", None),
        ("take", None),
        ("forward", ("step", "ky_duyet")),
        ("resolve", ("outcome", "granted")),
        ("return", ("method", "postal")),
    ):
        await follow(page, f"main a[href$='/{act}']")
        if chosen:
            await choose(page, *chosen)
        while await page.locator("main button[type=submit]").count():
            await follow(page, "main button[type=submit]")
        await expect(page.locator(".govuk-notification-banner")).to_contain_text("Đã xong")
    await expect(page.locator("h1")).to_contain_text("Đã trả kết quả")
    await follow(page, "a[href='/register']")
    await follow(page, "main form button")
    await expect(page.locator("main")).to_contain_text("Đã trả kết quả")


async def test_a_dossier_is_filed_at_the_counter_by_keyboard_alone(town: Town, new_page: Open) -> None:
    page = await new_page()
    await page.goto(f"{town.processing}/log-in")
    await follow(page, "button[value=mot-cua]")
    await follow(page, "a[href='/counter']")
    await follow(page, f"a[href='{COUNTER}']")
    for field, typed in (("#name", "Trần Thị Phím"), ("#number", "097190000078"), ("#phone", "0912345678")):
        await tab_to(page, field)
        await page.keyboard.type(typed)
    await tab_to(page, "input[name='content.certificate_class']")
    await page.keyboard.press("Space")
    await follow(page, "main form > button.govuk-button:not([name])")
    await follow(page, "main button[value=check]")
    await expect(page.locator("main")).to_contain_text("Trần Thị Phím")
    await follow(page, "main button[name=confirmed]")
    await expect(page.locator(".govuk-panel--confirmation")).to_be_visible()
