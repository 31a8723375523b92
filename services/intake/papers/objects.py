"""The object store: a folder or a bucket, in which each object is named by the SHA-256 of what is kept.

Promises that an object is there whole or not at all under its name, and outlives a power cut once it is. Never knows a key, a person or
a dossier.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from services.chassis.http.problems import Problem
from services.intake.settings import IntakeSettings

log = logging.getLogger(__name__)

READ_BYTES = 1_048_576
FOLDER_BUFFER_BYTES = 65_536
BUCKET_BUFFER_BYTES = 5 * 1_048_576
"""No bucket takes a piece of a large object that is smaller; one is filled while one is on its way."""
INCOMING = "incoming"
CONNECT, ANSWER = timedelta(seconds=3), timedelta(seconds=20)


@contextmanager
def _may_be_away() -> Iterator[None]:
    """Problem 503 for a store that does not answer."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        log.warning("files-away", extra={"fields": {"error": type(error).__name__}})
        raise Problem(
            503, "files-away", "the store of files does not answer", headers={"Retry-After": "2"}
        ) from None


class Objects:
    """By the setting file:///folder or s3://bucket/prefix; with none, nothing can be kept."""

    def __init__(self, settings: IntakeSettings) -> None:
        self._settings = settings
        parts = urlsplit(settings.files_url)
        self._folder = Path(parts.path) if parts.scheme == "file" else None
        self._buffer_bytes = FOLDER_BUFFER_BYTES if self._folder else BUCKET_BUFFER_BYTES
        self._made: Any = None

    @property
    def _store(self) -> Any:
        """Made when it is first needed: a start does without it."""
        if self._made is None:
            from obstore.store import LocalStore, S3Store

            settings, parts = self._settings, urlsplit(self._settings.files_url)
            if parts.scheme == "file":
                self._made = LocalStore(prefix=parts.path, mkdir=True)
            elif parts.scheme == "s3":
                given: dict[str, Any] = {
                    "region": settings.files_s3_region,
                    "endpoint": settings.files_s3_endpoint,
                    "access_key_id": settings.files_s3_key_id,
                    "secret_access_key": settings.files_s3_secret.get_secret_value(),
                }
                self._made = S3Store(
                    parts.netloc,
                    prefix=parts.path.strip("/") or None,
                    client_options={
                        "allow_http": settings.files_s3_endpoint.startswith("http://"),
                        "connect_timeout": CONNECT,
                        "timeout": ANSWER,
                    },
                    retry_config={"max_retries": 2, "retry_timeout": ANSWER},
                    **{name: value for name, value in given.items() if value},
                )
            else:
                raise Problem(503, "files-not-set-up", "this service was not told where files are kept")
        return self._made

    async def begin(self) -> Incoming:
        """An object on its way."""
        import obstore

        name = f"{INCOMING}/{uuid4().hex}"
        with _may_be_away():
            writer = obstore.open_writer_async(
                self._store, name, buffer_size=self._buffer_bytes, max_concurrency=1
            )
        return Incoming(self._store, name, writer, self._folder)

    async def read(self, name: str) -> AsyncIterator[bytes]:
        """Piece by piece, each asked for when it is wanted.

        Guarantee: who takes an object slowly gets the whole of it. Test: test_a_bucket_waits_for_who_reads_slowly.
        """
        import obstore

        with _may_be_away():
            size = (await obstore.head_async(self._store, _path(name)))["size"]
            for start in range(0, size, READ_BYTES):
                end = min(start + READ_BYTES, size)
                yield bytes(await obstore.get_range_async(self._store, _path(name), start=start, end=end))

    async def delete(self, names: Sequence[str]) -> None:
        """Those that are there."""
        import obstore

        for name in names:
            with suppress(FileNotFoundError), _may_be_away():
                await obstore.delete_async(self._store, _path(name))

    async def older(self, prefix: str, than: timedelta) -> AsyncIterator[list[str]]:
        """The names of what has been there for longer, by the hundred; `prefix` is two hex digits, or INCOMING."""
        import obstore

        before = datetime.now(UTC) - than
        async for batch in obstore.list(self._store, prefix=prefix, chunk_size=100):
            found = [each["path"] for each in batch if each["last_modified"] < before]
            if found:
                yield [path if prefix == INCOMING else path.rpartition("/")[2] for path in found]

    async def forget_half_written(self, than: timedelta) -> None:
        """What a process that died was writing, and no listing shows: in a folder. A bucket's own rule ends it there.

        Guarantee: nothing that was written by half stays. Test: test_what_a_process_that_died_was_writing_is_gone_after_a_day.
        """
        if self._folder:
            await asyncio.to_thread(
                _forget_older, self._folder / INCOMING, time.time() - than.total_seconds()
            )


def _forget_older(folder: Path, before: float) -> None:
    for each in folder.glob("*#*"):
        with suppress(FileNotFoundError):
            if each.stat().st_mtime < before:
                each.unlink()


class Incoming:
    """An object that is being written; it gets its name when it is whole."""

    def __init__(self, store: Any, name: str, writer: Any, folder: Path | None) -> None:
        self._store, self._name, self._writer, self._folder = store, name, writer, folder
        self._sha256 = hashlib.sha256()

    async def write(self, piece: bytes) -> None:
        self._sha256.update(piece)
        with _may_be_away():
            await self._writer.write(piece)

    async def keep(self) -> str:
        """Its name from now on.

        Guarantee: what is recorded of a file is on the disk. Test: test_a_part_is_on_the_disk_before_it_is_recorded.
        """
        import obstore

        name = self._sha256.hexdigest()
        with _may_be_away():
            await self._writer.close()
            await obstore.rename_async(self._store, self._name, _path(name))
            if self._folder:
                await asyncio.to_thread(_put_down, self._folder / _path(name))
        return name


def _put_down(path: Path) -> None:
    """The library leaves to the kernel when the file, and its names in the folders above, come to the disk."""
    for each in (path, path.parent, path.parent.parent):
        opened = os.open(each, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _path(name: str) -> str:
    """By the first two digits in folders, so that none grows too long."""
    return name if "/" in name else f"{name[:2]}/{name}"
