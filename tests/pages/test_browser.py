"""The pages in a real browser: every page on a desk's screen and on a phone, in both languages, by mouse and keyboard, without script."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.intake.papers.sending import large
from tests.pages.test_applicant import CODE, FILE, example
from tests.pages.test_officer import file
from tests.pages.town import Town

CHROMIUM = os.environ.get("MOTCUA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
IN_CI = os.environ.get("CI") == "true"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
PICTURES = os.environ.get("MOTCUA_PICTURES")
"""A folder: `make pictures` has every page's picture laid there."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason="no chromium on this machine"),
    pytest.mark.servers,
]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    assert CHROMIUM, "the pages are looked at in CI, so chromium must be there"
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield launched
        await launched.close()


Open = Callable[..., Any]


@pytest.fixture
async def new_page(browser: Browser, town: Town) -> AsyncIterator[Open]:
    """new_page(size): a page of a browser of its own. What it loads from outside, or complains of, fails the test."""
    faults: list[str] = []
    contexts = []

    async def begin(size: dict[str, int] = DESK, **options: Any) -> Page:
        context = await browser.new_context(viewport=size, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = await context.new_page()
        own = (town.intake, town.processing, town.provider, "data:")
        page.on("console", lambda said: faults.append(said.text) if "Refused" in said.text else None)
        page.on("request", lambda asked: faults.append(asked.url) if not asked.url.startswith(own) else None)
        return page

    yield begin
    for context in contexts:
        await context.close()
    assert faults == []


async def log_in(page: Page, origin: str, subject: str) -> None:
    await page.goto(f"{origin}/log-in")
    await page.click(f"button[value={subject}]")
    await expect(page.locator(".who form")).to_be_visible()


async def looked_at(page: Page, name: str) -> None:
    """No violation of axe's rules (WCAG 2.1 AA and good practice), no sideways scroll, and its picture where they are wanted."""
    await expect(page.locator("h1")).to_be_visible()
    wide, shown = await page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= shown, f"{name} scrolls sideways: {wide} of {shown}"
    if PICTURES:
        await page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
    found = (await Axe().run(page)).response["violations"]
    told = [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]
    assert told == [], name


@pytest.fixture
async def filed(town: Town) -> UUID:
    return await file(town)


READERS = pytest.mark.parametrize(
    ("lang", "size"), [("vi", PHONE), ("en", DESK)], ids=["vietnamese-phone", "english-desk"]
)


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
    await fill_in(page)
    await page.click("main button[type=submit]")
    await looked_at(page, f"intake-papers-{kind}")
    await page.set_input_files(
        "#file-1", {"name": "Đơn đề nghị.pdf", "mimeType": "application/pdf", "buffer": large(900_000)}
    )
    await page.set_input_files("#file-2", {"name": "ảnh.gif", "mimeType": "image/gif", "buffer": b"GIF89a"})
    await page.click(".govuk-button-group button[value=upload]")
    await looked_at(page, f"intake-papers-faults-{kind}")
    await page.click("main button[value=check]")
    await looked_at(page, f"intake-check-{kind}")
    await page.click("main button[name=confirmed]")
    await expect(page.locator(".govuk-panel--confirmation")).to_be_visible()
    await looked_at(page, f"intake-receipt-{kind}")
    await page.goto(page.url.partition("?")[0] + "/withdrawal")
    await looked_at(page, f"intake-withdrawal-{kind}")
    await page.goto(f"{town.intake}/dossiers")
    await looked_at(page, f"intake-mine-{kind}")


async def fill_in(page: Page) -> None:
    """The example of every field, as somebody types or chooses it."""
    for name, value in example(CODE).items():
        for each in value if isinstance(value, list) else [value]:
            field = page.locator(f'[name="{name}"]')
            if await field.count() == 0:
                continue
            if await field.first.get_attribute("type") in ("radio", "checkbox"):
                await page.check(f'[name="{name}"][value="{each}"]')
            else:
                await field.fill(str(each))


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


@pytest.mark.parametrize("by_keyboard", [False, True], ids=["without-script", "by-keyboard"])
async def test_two_persons_declare_a_day_after_looking_ahead(
    town: Town, new_page: Open, filed: UUID, by_keyboard: bool
) -> None:
    """From the preview to the confirmation, and back again; once something was filed, the house's clock is that of today."""
    assert filed
    day, page = a_day_ahead() + timedelta(days=by_keyboard), await new_page(java_script_enabled=by_keyboard)

    async def press(selector: str) -> None:
        if by_keyboard:
            await tab_to(page, selector)
            async with page.expect_navigation():
                await page.keyboard.press("Enter")
        else:
            await page.click(selector)

    async def log_in_as(subject: str) -> None:
        await page.context.clear_cookies()
        await log_in(page, town.processing, subject)
        await expect(page.locator("h1")).to_contain_text("Lịch làm việc")

    await log_in_as("giu-lich-1")
    await page.fill("#day", str(day))
    await page.check("[name=kind][value=off]")
    await page.fill("#document", "Công văn 2222/VPCP-KGVX")
    await page.fill("#announced_on", "2026-01-05")
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


async def tab_to(page: Page, selector: str) -> None:
    for _ in range(200):
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"no way by keyboard to {selector}")


async def test_a_day_at_the_desk_by_keyboard_alone(town: Town, new_page: Open, filed: UUID) -> None:
    page = await new_page()
    await log_in(page, town.processing, "mot-cua")
    await page.goto(f"{town.processing}/dossiers/{filed}")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "govuk-skip-link"
    await page.keyboard.press("Enter")

    await tab_to(page, "a[href$='/reject']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/reject")
    await tab_to(page, "input[name=reason]")
    await page.keyboard.press("Space")
    await tab_to(page, "main button[type=submit]")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text("Kiểm tra")
    await tab_to(page, "main button[type=submit]")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text("Không tiếp nhận")
