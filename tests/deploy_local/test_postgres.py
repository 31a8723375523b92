"""The embedded PostgreSQL: closed to others, safe against kill -9, and never mistaken for another server."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.postgres.run import ROLES, SUPERUSER, Postgres
from deploy.local.process import Failed

PASSWORDS = {role: secrets.token_hex(8) for role in (*ROLES, SUPERUSER)}


@pytest.fixture(scope="module")
def own(
    tmp_path_factory: pytest.TempPathFactory, free_ports: Callable[[int], list[int]]
) -> Iterator[Postgres]:
    """A server that these tests may kill."""
    server = Postgres(tmp_path_factory.mktemp("own"), free_ports(1)[0], PASSWORDS)
    try:
        server.start()
        yield server
    finally:
        server.stop()


pytestmark = pytest.mark.servers


async def query(dsn: str, text: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(text)
    finally:
        await connection.close()


async def test_a_service_enters_its_own_database_only(own: Postgres) -> None:
    assert await query(own.dsn("intake"), "SELECT current_database()") == "intake"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await query(own.dsn("intake", "processing"), "SELECT 1")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(own.dsn("intake").replace(PASSWORDS["intake"], "wrong"), "SELECT 1")


async def test_a_service_makes_no_tables(own: Postgres) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await query(own.dsn("reporting"), "CREATE TABLE own (number int)")


async def test_what_was_committed_survives_a_kill(own: Postgres) -> None:
    await query(own.dsn("intake_owner"), "CREATE TABLE kept AS SELECT 1 AS number")
    own.kill()
    assert not own.running
    own.start()
    assert await query(own.dsn("intake_owner"), "SELECT number FROM kept") == 1


async def test_text_is_utf_8_and_sorts_by_code_point_everywhere(own: Postgres) -> None:
    found = await query(
        own.dsn("intake"),
        "SELECT string_agg(word, ' ' ORDER BY word) FROM unnest('{đ,d,z,Z}'::text[]) AS word",
    )
    assert found == "Z d z đ"


def test_another_server_on_the_port_is_not_taken_for_ours(own: Postgres, tmp_path: Path) -> None:
    other = Postgres(tmp_path, own.port, dict.fromkeys(PASSWORDS, "other"))
    with pytest.raises(Failed):
        other.start()
    other.stop()


async def test_a_wiped_server_is_empty(own: Postgres) -> None:
    own.wipe()
    assert await query(own.dsn("intake"), "SELECT to_regclass('kept')") is None


async def test_a_given_server_is_used_and_not_started(own: Postgres, tmp_path: Path) -> None:
    given = Postgres(tmp_path, 1, PASSWORDS, dsn=own.dsn(SUPERUSER, "postgres"))
    given.start()
    assert given.pid is None
    assert await query(given.dsn("notify"), "SELECT current_user") == "notify"


@pytest.mark.parametrize("superuser_has", ["the old one", "the new one"])
async def test_a_change_of_passwords_that_was_cut_short_is_ended_by_the_next_start(
    own: Postgres, superuser_has: str
) -> None:
    new = {role: secrets.token_hex(8) for role in PASSWORDS}
    if superuser_has == "the new one":
        own.set_passwords({SUPERUSER: new[SUPERUSER]})
    own.stop()
    again = Postgres(own.data.parent, own.port, new, earlier=PASSWORDS[SUPERUSER])
    again.start()
    try:
        for role in PASSWORDS:
            assert await query(again.dsn(role), "SELECT current_user") == role
        before = Postgres(own.data.parent, own.port, PASSWORDS)
        for role in PASSWORDS:
            with pytest.raises(asyncpg.InvalidPasswordError):
                await query(before.dsn(role), "SELECT 1")
    finally:
        again.set_passwords(PASSWORDS)
        own.set_passwords({SUPERUSER: PASSWORDS[SUPERUSER]})
        again.stop()
        own.start()
