"""What the database itself says of who may do what: asked from the catalogue of each migrated service."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import pytest

from deploy.local.postgres.run import Postgres
from tests.databases import Database

APPENDING = ("intake", "processing", "notify")
SERVICES = (*APPENDING, "reporting")


@pytest.mark.parametrize("service", APPENDING)
async def test_the_log_can_only_be_appended_to(service: str, database: Callable[[str], Database]) -> None:
    connection = await asyncpg.connect(database(service).admin_dsn)
    rights = await connection.fetch(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE grantee IN ($1, 'PUBLIC') AND table_name IN ('events', 'log_head', 'counters', 'idempotency_keys')",
        service,
    )
    assert {row["privilege_type"] for row in rights} == {"SELECT"}
    assert {row["table_name"] for row in rights} == {"events", "log_head", "counters", "idempotency_keys"}
    await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_the_running_role_owns_nothing_and_nothing_is_open_to_all(
    service: str, database: Callable[[str], Database]
) -> None:
    connection = await asyncpg.connect(database(service).admin_dsn)
    owned = await connection.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = $1", service
    )
    assert owned == []
    role = await connection.fetchrow(
        "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = $1", service
    )
    assert not any(role)
    open_functions = await connection.fetch(
        "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname = 'public' AND p.prosecdef AND has_function_privilege('public', p.oid, 'EXECUTE')"
    )
    assert [row["proname"] for row in open_functions] == []
    truncating = await connection.fetch(
        "SELECT table_name FROM information_schema.role_table_grants WHERE grantee = $1 "
        "AND privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')",
        service,
    )
    assert truncating == []
    await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_enters_no_other_services_database(service: str, postgres: Postgres) -> None:
    for other in (*SERVICES, "postgres", "template1"):
        if other != service:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(postgres.dsn(service, other))


@pytest.mark.parametrize("service", SERVICES)
async def test_definers_functions_pin_their_search_path(
    service: str, database: Callable[[str], Database]
) -> None:
    connection = await asyncpg.connect(database(service).admin_dsn)
    loose = await connection.fetch(
        "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' AND p.prosecdef "
        "AND NOT coalesce(array_to_string(p.proconfig, ','), '') LIKE '%search_path=%'"
    )
    assert [row["proname"] for row in loose] == []
    await connection.close()
