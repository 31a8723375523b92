"""A file goes to one filing, whoever names it at the same moment."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from tests.intake.conftest import Front, body
from tests.intake.papers.sending import PDF, sent
from tests.intake.papers.test_papers import not_filed


async def test_of_two_filings_at_once_one_gets_the_file(front: Front) -> None:
    """Both look before either has named it."""
    for number in range(5):
        file_id = await sent(front, PDF, key=f"f{number}")
        told = body() | {"papers": [{"file_id": file_id}]}
        keys = [f"a{number}", f"b{number}"]
        answers = await asyncio.gather(*(front.file(told, key=key) for key in keys))
        assert sorted(each.status_code for each in answers) in ([201, 409], [201, 422]), [
            a.text for a in answers
        ]
        won = keys[answers[0].status_code != 201]
        again = {key: (await front.file(told, key=key)).status_code for key in keys}
        assert again == {key: 201 if key == won else 422 for key in keys}


async def test_what_is_being_filed_is_named_by_nobody_else(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    file_id = await sent(front)
    told = await not_filed(front, admin, file_id)
    refused = await front.file(told, key="another")
    assert (refused.status_code, refused.json()["code"]) == (409, "file-being-filed")
    await admin.execute("UPDATE papers SET named_at = named_at - interval '2 hours'")
    assert (await front.file(told, key="another")).status_code == 201, "the first one never came"
    assert (await front.file(told)).json()["code"] == "file-taken"
