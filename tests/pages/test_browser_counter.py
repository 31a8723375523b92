"""The counter, the viewer and the supervisor's page in a real browser: on a desk's screen, on a phone, and at twice their size."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.async_api import expect

from tests.pages.browsing import IN_A_BROWSER, PHONE, READERS, Open, fill_in, log_in, looked_at
from tests.pages.test_applicant import CODE
from tests.pages.test_counter import COUNTER
from tests.pages.test_officer import file
from tests.pages.test_viewer import a_pdf
from tests.pages.town import Town

pytestmark = IN_A_BROWSER


@pytest.fixture
async def filed(town: Town) -> UUID:
    return await file(town)


@READERS
async def test_the_counters_pages_can_be_read_by_everybody(
    town: Town, new_page: Open, size: dict[str, int], lang: str
) -> None:
    page = await new_page(size)
    kind = f"{lang}-{'phone' if size == PHONE else 'desk'}"
    await log_in(page, town.processing, "mot-cua")
    for name, path in (("counter", "/counter"), ("counter-form", COUNTER)):
        await page.goto(f"{town.processing}{path}?lang={lang}")
        await looked_at(page, f"processing-{name}-{kind}")
    await page.click("main button[type=submit]")
    await looked_at(page, f"processing-counter-faults-{kind}")
    await fill_in(page, CODE)
    await page.fill("#name", "Trần Thị Quầy")
    await page.fill("#number", "097190000077")
    await page.click("main button[type=submit]")
    await looked_at(page, f"processing-counter-papers-{kind}")
    paper = {"name": "Đơn đề nghị.pdf", "mimeType": "application/pdf", "buffer": a_pdf(7)}
    await page.set_input_files("#file-1", paper)
    await page.click("main button[value=check]:visible")
    await looked_at(page, f"processing-counter-check-{kind}")
    await page.click("main button[name=confirmed]")
    await expect(page.locator(".govuk-panel--confirmation")).to_be_visible()
    await looked_at(page, f"processing-counter-filed-{kind}")
    await town.tell()
    await page.click("main a[href^='/dossiers/']")
    await page.click("main a[href*='people=1']")
    await page.click("main a[href$='/view']")
    frame = page.frame_locator("iframe.paper")
    await expect(frame.locator("img").nth(4)).to_be_visible()
    assert await frame.locator("img").first.evaluate("each => each.naturalWidth") > 500
    await looked_at(page, f"processing-viewer-{kind}")
    await page.fill("#from", "6")
    await page.click("main form button")
    await expect(frame.locator("p")).to_contain_text("7")
    await expect(frame.locator("img")).to_have_count(2)


async def test_pages_of_staff_can_be_read_at_twice_their_size(
    town: Town, new_page: Open, filed: UUID
) -> None:
    """200 %: a desk's screen shows half as much."""
    page = await new_page({"width": 640, "height": 450}, device_scale_factor=2)
    for subject, paths in (
        ("lanh-dao", ("/unit", "/unit/transfers", "/register?purpose=audit", f"/dossiers/{filed}?people=1")),
        ("mot-cua", ("/counter", COUNTER)),
    ):
        await page.context.clear_cookies()
        await log_in(page, town.processing, subject)
        for path in paths:
            await page.goto(f"{town.processing}{path}")
            await looked_at(
                page, f"processing-twice-{path.strip('/').partition('?')[0].replace('/', '-')[:20]}"
            )


async def test_a_supervisors_page_is_short_on_a_phone(town: Town, new_page: Open) -> None:
    page = await new_page(PHONE)
    await log_in(page, town.processing, "lanh-dao")
    await page.goto(f"{town.processing}/unit")
    first = page.locator(".cards.short").first
    assert (await first.bounding_box())["height"] < PHONE["height"], "the counts of a unit are seen at once"
    await page.click("nav.in-page a[href='#unit-2']")
    await expect(page.locator("#unit-2")).to_be_in_viewport()
    await page.click("nav.in-page a[href='#reversals']")
    await expect(page.locator("#reversals")).to_be_in_viewport()
