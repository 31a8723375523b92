"""An applicant's way in a real browser, by keyboard alone: filed, supplemented, done; what a crash or a broken connection loses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page, Route, expect

from tests.intake.papers.sending import PDF, large
from tests.pages.browsing import IN_A_BROWSER, PHONE, READERS, Open, fill_in, log_in, looked_at
from tests.pages.test_applicant import CODE, FILE, UNIT, example
from tests.pages.test_officer import act
from tests.pages.town import Town, Visitor

pytestmark = IN_A_BROWSER
WHO = "nguoi-nop-1"
ZOOMED = {"width": 640, "height": 450}
"""A desk's screen at 200 %."""
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])


@pytest.fixture(autouse=True)
async def none_before(town: Town) -> None:
    await town.intake_pool.execute("DELETE FROM drafts")


async def at(page: Page, selector: str) -> None:
    """By Tab alone until the focus is there, and where it is can be seen."""
    wanted = page.locator(f"{selector} >> nth=0")
    for _ in range(120):
        if await wanted.evaluate("each => each === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"no way by keyboard to {selector}")


async def press(page: Page, selector: str, key: str = "Enter") -> None:
    await at(page, selector)
    await page.keyboard.press(key)


async def type_in(page: Page, typed: dict[str, Any]) -> None:
    """Each field of the form by its keys: letters, Space for a box, arrows within a group."""
    for name, value in typed.items():
        fields = page.locator(f'[name="{name}"]:visible')
        if not await fields.count():
            continue
        kind = await fields.first.get_attribute("type")
        if kind == "radio":
            await at(page, f'[name="{name}"]:visible')
            await page.keyboard.press("Space")
            for _ in range(await fields.count()):
                if await page.locator(f'[name="{name}"][value="{value}"]').is_checked():
                    break
                await page.keyboard.press("ArrowDown")
        elif kind == "checkbox":
            for each in value:
                await press(page, f'[name="{name}"][value="{each}"]', "Space")
        else:
            await at(page, f'[name="{name}"]:visible')
            await page.keyboard.type(str(value))


async def choose(page: Page, field: str, name: str, content: bytes) -> None:
    await at(page, field)
    async with page.expect_file_chooser() as opened:
        await page.keyboard.press("Space")
    chooser = await opened.value
    await chooser.set_files({"name": name, "mimeType": "application/pdf", "buffer": content})


async def to_the_papers(page: Page, town: Town) -> None:
    await page.goto(f"{town.intake}{FILE}")
    await fill_in(page, CODE)
    await page.click("main .govuk-button-group button >> nth=0")
    await expect(page.locator("h1")).to_contain_text("Giấy tờ kèm theo")


@SCRIPT
async def test_filed_supplemented_and_done_by_keyboard_alone(
    town: Town, new_page: Open, visit: Callable[[str], Visitor], script: bool
) -> None:
    page, desk = await new_page(java_script_enabled=script), visit("processing")
    await desk.log_in("chuyen-vien-1")
    await log_in(page, town.intake, WHO)
    await page.goto(f"{town.intake}/procedures/{CODE}")
    await press(page, "main a[role=button]")
    await expect(page.locator("h1")).to_contain_text("Nộp hồ sơ")
    await type_in(page, example(CODE))
    await press(page, "main .govuk-button-group button")
    await expect(page.locator("h1")).to_contain_text("Giấy tờ kèm theo")
    await choose(page, "#file-1", "Đơn.pdf", large(300_000))
    if not script:
        await press(page, ".govuk-button-group button[value=upload]")
    await expect(page.locator("#file-1-brought")).to_contain_text("Đơn.pdf (0,3 MB)")
    await press(page, "button[value=check]")
    await expect(page.locator("main")).to_contain_text("Đơn.pdf")
    await press(page, "button[name=confirmed]")
    await expect(page.locator(".govuk-panel--confirmation")).to_be_visible()
    await at(page, "main a[href$='/receipt']")
    dossier_id = UUID(re.findall(r"/dossiers/([0-9a-f-]{36})", page.url)[0])
    await town.tell()
    await act(desk, dossier_id, "request-supplement", **{"paper-2": "unreadable", "paper-3": "missing"})
    await town.tell_intake()
    await page.reload()
    await press(page, "main a[href$='/supplement']")
    await expect(page.locator("h1")).to_contain_text("Bổ sung giấy tờ")
    await choose(page, "#file-2", "rõ.pdf", PDF)
    if script:
        await expect(page.locator("#file-2-brought button[name=remove]")).to_be_visible()
    await type_in(page, {"paper-3": "bản sao số 12"})
    await press(page, "main form > .govuk-button")
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("Đã gửi phần bổ sung")
    await expect(page.locator("main")).to_contain_text("rõ.pdf")
    await town.tell()
    await act(desk, dossier_id, "accept-supplement")
    await act(desk, dossier_id, "accept", unit=UNIT)
    await act(desk, dossier_id, "take")
    await act(desk, dossier_id, "forward", unit=UNIT, step="ky_duyet")
    await act(desk, dossier_id, "resolve", outcome="granted")
    await act(desk, dossier_id, "return", method="online")
    await town.tell_intake()
    await press(page, ".places a[href='/dossiers']")
    await press(page, f"main a[href='/dossiers/{dossier_id}']")
    await expect(page.locator("main")).to_contain_text("Kết quả đã được trả. Hồ sơ đã xong.")
    await expect(page.locator("main")).to_contain_text("Đồng ý giải quyết")


async def test_a_crash_loses_nothing_that_was_typed(town: Town, new_page: Open) -> None:
    """Nothing was sent when the browser died: the page kept it as it was typed. Two tabs do not fight over it."""
    page = await new_page()
    await log_in(page, town.intake, WHO)
    await page.goto(f"{town.intake}{FILE}")
    await page.fill("#email", "truoc@example.vn")
    await page.keyboard.press("Tab")
    await page.keyboard.type("0912345678")
    await expect(page.locator("#said")).to_contain_text("Bản nháp đã lưu lúc")
    await page.context.close()
    page = await new_page()
    await log_in(page, town.intake, WHO)
    await page.goto(f"{town.intake}{FILE}")
    await page.click("main a[href^='/drafts/']")
    await expect(page.locator("#email")).to_have_value("truoc@example.vn")
    await expect(page.locator("#phone")).to_have_value("0912345678")
    other = await page.context.new_page()
    await other.goto(page.url)
    await other.fill("#email", "sau@example.vn")
    await expect(other.locator("#said")).to_contain_text(
        re.compile(r"Bản nháp đã lưu lúc [0-9:]{5}, [0-9/]{10}\.$")
    )
    await page.fill("#phone", "0987654321")
    await expect(page.locator("#said")).to_contain_text("ở thẻ hay thiết bị khác")
    await page.click("main .govuk-button-group button >> nth=0")
    await expect(page.locator("h1")).to_contain_text("Bản nháp đã được sửa ở nơi khác")
    await expect(page.locator("main")).to_contain_text("sau@example.vn")


async def test_a_broken_connection_goes_on_where_it_was_on_the_page(town: Town, new_page: Open) -> None:
    """Ten megabytes in three pieces: the second is cut off, the network is gone for a moment, and nothing is sent twice."""
    page = await new_page()
    await log_in(page, town.intake, WHO)
    await to_the_papers(page, town)
    offsets: list[int] = []
    seen: list[str] = []

    async def cut(route: Route) -> None:
        offset = int(route.request.headers["upload-offset"])
        offsets.append(offset)
        if offsets.count(offset) == 1 and offset == 4 * 1_048_576:
            seen.append(await page.locator("#file-1-brought progress").get_attribute("value") or "")
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/uploads/*", cut)
    await page.set_input_files(
        "#file-1", {"name": "Bản vẽ.pdf", "mimeType": "application/pdf", "buffer": large(10_000_000)}
    )
    await expect(page.locator("#said")).to_contain_text("mất kết nối ở 4,2 MB")
    await page.click("main button[value=check]")
    await expect(page.locator("h1")).to_contain_text("Kiểm tra trước khi nộp")
    await expect(page.locator("main")).to_contain_text("Bản vẽ.pdf")
    piece = 4 * 1_048_576
    assert offsets == [0, piece, piece, 2 * piece] and seen == [str(piece)]


async def test_what_is_too_large_is_told_before_it_is_sent(town: Town, new_page: Open) -> None:
    page = await new_page()
    await log_in(page, town.intake, WHO)
    await to_the_papers(page, town)
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url) if "/uploads" in asked.url else None)
    await expect(page.locator("main")).to_contain_text("mỗi tệp không quá 50 MB, mỗi hồ sơ không quá 200 MB")
    for limit, said in (("fileBytesMax", "Mỗi tệp không quá 50 MB."), ("allBytesMax", "không quá 200 MB.")):
        await page.evaluate("n => document.querySelector('form[data-said]').dataset[n] = '1000'", limit)
        await page.set_input_files(
            "#file-1", {"name": "to.pdf", "mimeType": "application/pdf", "buffer": large(2_000)}
        )
        await expect(page.locator("#file-1-brought")).to_contain_text(said)
        await page.evaluate("n => document.querySelector('form[data-said]').dataset[n] = '1e9'", limit)
        await page.click("#file-1-brought button")
    assert sent == []


@READERS
async def test_pages_of_drafts_can_be_read_by_everybody(
    town: Town, new_page: Open, size: dict[str, int], lang: str
) -> None:
    page, kind = await new_page(size), f"{lang}-{'phone' if size == PHONE else 'desk'}"
    await log_in(page, town.intake, WHO)
    await page.goto(f"{town.intake}{FILE}?lang={lang}")
    await page.fill("#email", "mot@example.vn")
    await page.click("main button[name=change]")
    await page.goto(f"{town.intake}/dossiers")
    await looked_at(page, f"intake-drafts-{kind}")
    await page.click("main a[href$='/delete']")
    await looked_at(page, f"intake-draft-delete-{kind}")
    await page.goto(f"{town.intake}{FILE}")
    await looked_at(page, f"intake-form-begun-{kind}")
    await page.click("main a[href^='/drafts/']")
    behind = await page.context.new_page()
    await behind.goto(page.url)
    await page.fill("#email", "khac@example.vn")
    await page.click("main button[name=change]")
    await behind.click("main button[name=change]")
    await looked_at(behind, f"intake-draft-changed-{kind}")


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_pages_of_filing_at_twice_their_size(town: Town, new_page: Open, lang: str) -> None:
    page = await new_page(ZOOMED)
    await log_in(page, town.intake, WHO)
    await page.goto(f"{town.intake}{FILE}?lang={lang}")
    await page.fill("#email", "a@example.vn")
    await page.click("main button[name=change]")
    await looked_at(page, f"intake-form-zoomed-{lang}")
    await page.goto(f"{town.intake}/dossiers")
    await looked_at(page, f"intake-mine-zoomed-{lang}")
