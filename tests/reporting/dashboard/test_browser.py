"""The public page in a real browser: it looks right, reads right, moves while one watches, and is accessible (WCAG 2.1 AA)."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, async_playwright, expect

from services.chassis.log.databases import open_pool
from services.reporting.dashboard.plotter import Drawings
from services.reporting.incoming import apply
from services.reporting.report.check import Watch
from tests.databases import Database
from tests.reporting.conftest import Served
from tests.reporting.histories import Life, delivered, told
from tests.reporting.serving import Moment, application

CHROMIUM = os.environ.get("MOTCUA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
IN_CI = os.environ.get("CI") == "true"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1360, "height": 900}

pytestmark = pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason="no chromium on this machine")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    assert CHROMIUM, "the pages are looked at in CI, so chromium must be there"
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield launched
        await launched.close()


class Site:
    """An application on a port of its own."""

    def __init__(self, app: Any, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.server = uvicorn.Server(
            uvicorn.Config(app, port=port, lifespan="off", log_config=None, access_log=False)
        )

    async def __aenter__(self) -> Site:
        self.task = asyncio.create_task(self.server.serve())
        while not self.server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.should_exit = self.server.force_exit = True
        await self.task


@pytest.fixture(scope="session")
async def site(served: Served, free_ports: Callable[[int], list[int]]) -> AsyncIterator[str]:
    async with Site(served.application, free_ports(1)[0]) as running:
        yield running.url


async def opened(browser: Browser, url: str, size: dict[str, int], **options: Any) -> Page:
    context = await browser.new_context(viewport=size, **options)  # type: ignore[arg-type]
    context.set_default_timeout(90_000)  # a shared machine may draw its first plot slowly
    page = await context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: faults.append(asked.url) if not asked.url.startswith(url[:21]) else None)
    page.faults = faults  # type: ignore[attr-defined]
    await page.goto(url)
    await page.wait_for_function(
        "() => [...document.images].every(image => image.complete && image.naturalWidth > 0)", timeout=60_000
    )
    return page


@pytest.mark.parametrize("path", ["/", "/quality"])
@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_the_page_is_accessible_and_fits(
    browser: Browser, site: str, lang: str, size: dict[str, int], path: str
) -> None:
    page = await opened(browser, f"{site}{path}?lang={lang}", size)
    found = await Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    )
    assert found.violations_count == 0, found.generate_report()
    wide = await page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, "the page scrolls sideways"
    if folder := os.environ.get("MOTCUA_SCREENSHOTS"):
        name = f"{path.strip('/') or 'counts'}-{lang}-{size['width']}"
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)
    assert page.faults == [], page.faults  # type: ignore[attr-defined]
    await page.context.close()


async def test_the_page_says_the_same_without_script(browser: Browser, site: str) -> None:
    page = await opened(browser, site, DESK)
    plain_context = await browser.new_context(java_script_enabled=False)
    plain = await plain_context.new_page()
    await plain.goto(site)
    numbers = "main .law data"
    assert await plain.locator(numbers).all_inner_texts() == await page.locator(numbers).all_inner_texts()
    assert await plain.locator(numbers).all_inner_texts() == ["13.276", "12.467", "809"]
    await plain.locator("input[name=from]").fill("2023-02-01")
    await plain.locator("input[name=to]").fill("2023-02-28")
    await plain.locator("form button").click()
    shown = await plain.locator(numbers).first.inner_text()
    assert int(shown.replace(".", "")) < 13_276
    await plain.get_by_role("link", name="English").click()
    assert await plain.locator(numbers).first.inner_text() == shown.replace(".", ",")
    await plain_context.close()
    await page.context.close()


async def test_the_page_changes_while_one_watches(
    browser: Browser, module_database: Callable[..., Database], free_ports: Callable[[int], list[int]]
) -> None:
    database = module_database("reporting")
    drawings, moment = Drawings(), Moment()
    life = Life(1, "1.009982", "H29.015.00", "online", 0, 20, 500)
    messages = [delivered(event, event.message) for event in told(life) if event.sequence < 2]
    async with open_pool(database.dsn, size=3) as pool:
        watch = Watch(pool, lambda: moment.now, 60)
        async with Site(application(pool, moment, drawings, watch), free_ports(1)[0]) as running:
            page = await opened(browser, f"{running.url}/?lang=en", DESK)
            await page.get_by_text("No dossier in this period yet.").wait_for()
            writer = await asyncpg.connect(database.dsn)
            moment.seconds += 60
            await apply(writer, messages)
            await page.locator("main .law data").first.get_by_text("1", exact=True).wait_for(timeout=60_000)
            rows = page.locator("main section:not([data-part=official]) tbody tr")
            await expect(rows).to_have_count(12, timeout=60_000)
            await page.wait_for_function(
                "() => document.images.length === 2 && document.images[0].naturalWidth > 0"
            )
            assert page.faults == [], page.faults  # type: ignore[attr-defined]
            await page.context.close()
            await writer.close()
    await drawings.close()
