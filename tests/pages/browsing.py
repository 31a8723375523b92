"""What tests in a real browser share: the browser, what a page is looked at for, and how people get along with the keyboard alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.pages.test_applicant import example
from tests.pages.town import Town

CHROMIUM = os.environ.get("MOTCUA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
IN_CI = os.environ.get("CI") == "true"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
PICTURES = os.environ.get("MOTCUA_PICTURES")
"""A folder: `make pictures` has every page's picture laid there."""
IN_A_BROWSER = [
    pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason="no chromium on this machine"),
    pytest.mark.servers,
]
READERS = pytest.mark.parametrize(
    ("lang", "size"), [("vi", PHONE), ("en", DESK)], ids=["vietnamese-phone", "english-desk"]
)


@pytest.fixture(scope="session")
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


async def fill_in(page: Page, code: str) -> None:
    """The example of every field, as somebody types or chooses it."""
    for name, value in example(code).items():
        for each in value if isinstance(value, list) else [value]:
            field = page.locator(f'[name="{name}"]')
            if await field.count() == 0:
                continue
            if await field.first.get_attribute("type") in ("radio", "checkbox"):
                await page.check(f'[name="{name}"][value="{each}"]')
            else:
                await field.fill(str(each))


async def tab_to(page: Page, selector: str) -> None:
    for _ in range(400):
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"no way by keyboard to {selector}")


async def follow(page: Page, selector: str) -> None:
    """Goes there by Tab, and presses it."""
    await tab_to(page, selector)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def choose(page: Page, name: str, value: str) -> None:
    """One of several, by the arrow keys."""
    await tab_to(page, f"input[name={name}]")
    await page.keyboard.press("Space")
    for _ in range(30):
        if await page.evaluate(
            "v => document.activeElement.value === v && document.activeElement.checked", value
        ):
            return
        await page.keyboard.press("ArrowDown")
    raise AssertionError(f"no way by keyboard to {value}")
