"""A real PostgreSQL of our own, on loopback, with the four databases and their roles.

Promises passwords for every connection, data that survives kill -9, and that the server that answers on the port is
this one. Given the DSN of a superuser (MOTCUA_POSTGRES_DSN) it uses that server instead and starts none.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from contracts.topics import ANALYST
from deploy.local.keys import ROLES as ROLES
from deploy.local.keys import SUPERUSER as SUPERUSER
from deploy.local.postgres.binaries import as_user, find_binaries, user_for
from deploy.local.process import Failed, Process

SQL = Path(__file__).parents[2] / "postgres"
BUILTIN_LOCALES_SINCE = 17
START_SECONDS = 30.0

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

ALTER_ROLE = "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)"

Answer = TypeVar("Answer")


def in_thread(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run it to its end, also where a loop is running already."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


class Postgres:
    def __init__(
        self,
        home: Path,
        port: int,
        passwords: Mapping[str, str],
        *,
        settings: Mapping[str, str] | None = None,
        dsn: str = "",
        earlier: str = "",
    ) -> None:
        """`passwords`: of the superuser `postgres` and of each of ROLES. `settings`: beside the server's own.

        `earlier`: another password that the superuser may still have, when a change of passwords was cut short; start() ends it.
        """
        self.data = home / "postgres"
        self.port = port
        self._home = home
        self._passwords = dict(passwords)
        self._settings = {**SETTINGS, **(settings or {}), "cluster_name": f"motcua-{port}"}
        self._given = dsn
        self._superusers = [word for word in (self._passwords.get(SUPERUSER, ""), earlier) if word]
        """Passwords that the superuser may have, the one that was right last first."""
        self.process: Process | None = None

    @classmethod
    def of_environment(
        cls, home: Path, port: int, passwords: Mapping[str, str], earlier: str = ""
    ) -> "Postgres":
        """A server of our own, or the one that MOTCUA_POSTGRES_DSN names."""
        return cls(home, port, passwords, dsn=os.environ.get("MOTCUA_POSTGRES_DSN", ""), earlier=earlier)

    def dsn(self, role: str, database: str | None = None) -> str:
        """As `role` (a service, `<service>_owner`, `postgres`, or the analyst's) into `database`, by default the role's own."""
        database = database or ("reporting" if role == ANALYST else role.removesuffix("_owner"))
        if self._given:
            url = urlsplit(self._given)
            if role == SUPERUSER:
                return urlunsplit(url._replace(path=f"/{database}"))
            host, more = url.netloc.rpartition("@")[2], f"?{url.query}" if url.query else ""
        else:
            host, more = f"127.0.0.1:{self.port}", ""
        password = self._superusers[0] if role == SUPERUSER else self._passwords[role]
        return f"postgresql://{role}:{quote(password)}@{host}/{database}{more}"

    @property
    def external(self) -> bool:
        """Whether it is somebody else's server, given by its DSN."""
        return bool(self._given)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def running(self) -> bool:
        return bool(self._given) or (self.process is not None and self.process.running)

    def start(self) -> None:
        """Start it, making the data directory the first time, and see that roles and databases are there."""
        if not self._given:
            binaries, major = find_binaries(self.data)
            self.data.mkdir(parents=True, exist_ok=True)
            user = user_for(self.data, binaries)
            if not (self.data / "PG_VERSION").exists():
                self._initialise(binaries, major, user)
            self._launch(binaries, user)
        in_thread(self._create_roles_and_databases())
        if len(self._superusers) > 1:
            self.set_passwords({SUPERUSER: self._passwords[SUPERUSER]})

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    def kill(self) -> None:
        """Kill -9, all its processes."""
        if self.process:
            self.process.kill()

    def pause(self) -> None:
        """SIGSTOP, all its processes."""
        if self.process:
            self.process.pause()

    def resume(self) -> None:
        if self.process:
            self.process.resume()

    def wipe(self) -> None:
        """Lose everything: kill it, delete its data, start anew with empty databases."""
        self.kill()
        shutil.rmtree(self.data)
        self.start()

    def _initialise(self, binaries: Path, major: int, user: str) -> None:
        with tempfile.NamedTemporaryFile("w", prefix="motcua-") as password:
            password.write(self._passwords[SUPERUSER])
            password.flush()
            if user.isdigit():
                os.chown(password.name, int(user), int(user))
            locale = ["--locale-provider", "builtin"] if major >= BUILTIN_LOCALES_SINCE else []
            command = as_user(
                user,
                *(binaries / "initdb", "-D", self.data, "-U", SUPERUSER, "--pwfile", password.name),
                *("-A", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8", *locale),
            )
            made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise Failed(f"PostgreSQL's initdb failed: {made.stderr.strip() or made.stdout.strip()}")

    def _launch(self, binaries: Path, user: str) -> None:
        self.process = Process("postgres", home=self._home, last_signal=signal.SIGINT, user=user)
        settings = {**self._settings, "port": str(self.port)}
        program = [str(binaries / "postgres"), "-D", str(self.data)]
        program += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + START_SECONDS
        self.process.start(program)
        while not in_thread(self._answers()):
            if not self.process.running:
                # After a kill -9 of the postmaster alone its children hold the shared memory for a moment.
                if "shared memory block" not in self.process.last_lines(3) or time.monotonic() > deadline:
                    raise Failed(f"PostgreSQL does not start:\n{self.process.last_lines()}")
                self.process.start(program)
            if time.monotonic() > deadline:
                self.process.stop()
                raise Failed(f"PostgreSQL does not answer on port {self.port}:\n{self.process.last_lines()}")
            time.sleep(0.05)

    def set_passwords(self, passwords: Mapping[str, str]) -> None:
        """Other passwords, for connections that are opened from now on; those that are open stay. Not of a server that was given
        the superuser's, which is not ours. Repeatable."""
        ours = {role: word for role, word in passwords.items() if role != SUPERUSER or not self._given}
        self._superusers += [word for role, word in ours.items() if role == SUPERUSER]
        in_thread(self._set_passwords(ours))
        self._passwords |= ours

    async def _set_passwords(self, passwords: Mapping[str, str]) -> None:
        connection = await self._enter()
        try:
            async with connection.transaction():
                for role, word in passwords.items():
                    await connection.execute(await connection.fetchval(ALTER_ROLE, role, word))
        finally:
            await connection.close()
        if SUPERUSER in passwords:
            self._superusers = [passwords[SUPERUSER]]

    async def _enter(self) -> "asyncpg.Connection[Any]":
        """As the superuser, by whichever of the passwords it has."""
        for _ in self._superusers[1:]:
            try:
                return await asyncpg.connect(self.dsn(SUPERUSER), timeout=10)
            except asyncpg.InvalidPasswordError:
                self._superusers.append(self._superusers.pop(0))
        return await asyncpg.connect(self.dsn(SUPERUSER), timeout=10)

    async def _answers(self) -> bool:
        try:
            connection = await self._enter()
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError):
            return False
        except asyncpg.PostgresError as error:
            raise Failed(f"another PostgreSQL answers on port {self.port}: {error}") from error
        try:
            found = await connection.fetchval("SHOW cluster_name")
        finally:
            await connection.close()
        if found != self._settings["cluster_name"]:
            raise Failed(f"another PostgreSQL, {found!r}, answers on port {self.port}")
        return True

    async def _create_roles_and_databases(self) -> None:
        connection = await self._enter()
        try:
            for role in ROLES:
                await connection.execute(
                    "SELECT set_config($1, $2, false)", f"motcua.{role}", self._passwords[role]
                )
            await connection.execute((SQL / "roles.sql").read_text(encoding="utf-8"))
            for statement in (SQL / "databases.sql").read_text(encoding="utf-8").split(";"):
                if statement.strip():
                    with contextlib.suppress(asyncpg.DuplicateDatabaseError):
                        await connection.execute(statement)
        finally:
            await connection.close()
