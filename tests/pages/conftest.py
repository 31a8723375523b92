"""The town of one run: started when the first test of pages asks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.databases import Database
from tests.pages.browsing import browser, new_page
from tests.pages.town import Town, Visitor, open_town

__all__ = ["browser", "new_page"]


@pytest.fixture(scope="session")
async def town(
    session_database: Callable[..., Database],
    free_ports: Callable[[int], list[int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Town]:
    async with open_town(session_database, free_ports(3), tmp_path_factory.mktemp("town")) as opened:
        yield opened


@pytest.fixture
async def visit(town: Town) -> AsyncIterator[Callable[..., Visitor]]:
    """visit("processing"): somebody at that service's pages; each with cookies of their own."""
    made: list[Visitor] = []

    def begin(service: str) -> Visitor:
        made.append(Visitor(town.origin(service)))
        return made[-1]

    yield begin
    for each in made:
        await each.http.aclose()
