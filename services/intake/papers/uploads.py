"""A file on its way in: begun under a key of the caller's, sent in parts, judged when it is whole.

Promises that what came of a part before its connection broke stays, that a file is judged by what is kept of it, and that one which
is not what its sender announced is refused. Keeps nothing in memory but a segment, a file's end and what the store has not taken yet.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag

from services.chassis.http.problems import Problem
from services.chassis.process import logs
from services.intake.papers.kinds import Seen, cleaned, named_as
from services.intake.papers.objects import Objects
from services.intake.papers.scanning import scan
from services.intake.papers.sealing import SEGMENT_BYTES, Sealer, new_key, opened

FILE_BYTES_MAX = 50 * 1_048_576
PARTS_MAX = 1_000
DAMAGES: Final = (InvalidTag, ValueError, FileNotFoundError)
"""What reading an object raises that is not as it was kept."""
REFUSALS: Final = {
    "file-empty": "there is nothing in it",
    "file-kind-not-taken": "PDF, JPEG, PNG, TIFF and ZIP are taken, by their content",
    "file-ambiguous": "it can be read as two kinds of file",
    "file-truncated": "its end is missing",
    "file-encrypted": "nobody here could open it",
    "file-infected": "the scanner found something harmful in it",
    "file-changed": "it is not the file that was announced, or not as it was kept",
    "papers-destroyed": "the papers of its dossier were destroyed",
}
_COLUMNS = "file_id, owner, name, size, received, told, key, kind, sha256, fault, scanned"
_BEGIN = f"""
WITH begun AS (
    INSERT INTO files (file_id, owner, upload_key, name, size, told, key) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT ON CONSTRAINT one_upload_per_key DO NOTHING RETURNING {_COLUMNS}
)
SELECT * FROM begun UNION ALL SELECT {_COLUMNS} FROM files WHERE owner = $2 AND upload_key = $3 LIMIT 1
"""
_WAITING_BYTES = """
SELECT coalesce(sum(coalesce(f.size, f.received)), 0)::bigint FROM files f
WHERE f.owner = $1 AND f.upload_key <> $2 AND f.fault IS NULL AND f.key IS NOT NULL
AND NOT EXISTS (SELECT FROM papers p WHERE p.file_id = f.file_id)
"""
FIND = f"SELECT {_COLUMNS} FROM files WHERE file_id = $1 AND owner = $2"
# The part counts if it begins where the file ended: of two that came at once, one.
_KEEP_PART = """
WITH grown AS (
    UPDATE files SET received = received + $3, parts = parts + 1
    WHERE file_id = $1 AND received = $2 AND parts < $5 RETURNING file_id
)
INSERT INTO file_parts (file_id, begins_at, size, object) SELECT file_id, $2, $3, $4 FROM grown RETURNING file_id
"""
PARTS = "SELECT size, object FROM file_parts WHERE file_id = $1 ORDER BY begins_at"
_ENDS = "UPDATE files SET size = received WHERE file_id = $1 AND size IS NULL"
_JUDGED = """
UPDATE files SET kind = $2, sha256 = $3, fault = $4, name = $5, scanned = $6
WHERE file_id = $1 AND sha256 IS NULL RETURNING file_id
"""
_SCANNED = "UPDATE files SET scanned = $2, fault = coalesce(fault, $3) WHERE file_id = $1"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it stands; `size` is None until its end is known, `sha256` until it was judged."""

    file_id: UUID
    owner: str
    name: str
    size: int | None
    received: int
    told: bytes | None
    key: bytes | None
    kind: str | None
    sha256: bytes | None
    fault: str | None
    scanned: bool | None

    @property
    def whole(self) -> bool:
        return self.size == self.received

    def shown(self) -> dict[str, Any]:
        """The members of UploadState."""
        return {
            "file_id": str(self.file_id),
            "name": self.name,
            "size": self.size,
            "received": self.received,
            "complete": self.sha256 is not None,
            "media_type": self.kind,
            "sha256": self.sha256.hex() if self.sha256 else None,
            "fault": self.fault,
            "scanned": self.scanned,
        }


class Uploads:
    """Files on their way in. `clamd` is empty where there is no scanner."""

    def __init__(
        self, pool: asyncpg.Pool[Any], objects: Objects, new_id: Any, clamd: str, waiting_bytes_max: int
    ) -> None:
        self.pool, self.objects, self.clamd = pool, objects, clamd
        self._new_id, self._waiting_bytes_max = new_id, waiting_bytes_max

    async def begin(
        self, owner: str, key: str, name: str, size: int | None, told: bytes | None = None
    ) -> Upload:
        """The upload under this key, new or as it stands. `told` is the SHA-256 that the sender announces."""
        if size is not None and size > FILE_BYTES_MAX:
            raise Problem(413, "file-too-large", f"at most {FILE_BYTES_MAX} bytes a file")
        if await self.pool.fetchval(_WAITING_BYTES, owner, key) + (size or 0) > self._waiting_bytes_max:
            detail = "file or leave alone what was sent before: it is gone after a day"
            raise Problem(429, "uploads-waiting", detail, headers={"Retry-After": "3600"})
        given = (self._new_id(), owner, key, cleaned(name), size, told, new_key())
        row = await self.pool.fetchrow(_BEGIN, *given)
        if row is None:  # another process begins it at this very moment
            raise Problem(503, headers={"Retry-After": "1"})
        begun = Upload(*row)
        if (size is not None and begun.size != size) or (told or b"") != (begun.told or b""):
            raise Problem(422, "idempotency-key-reused", "another upload began under this key")
        return begun

    async def find(self, file_id: UUID, owner: str) -> Upload:
        """As it stands, judged if it is whole; Problem 404 for another's."""
        row = await self.pool.fetchrow(FIND, file_id, owner)
        if row is None:
            raise Problem(404, "file-unknown", "no such upload of yours")
        found = Upload(*row)
        if found.whole and found.sha256 is None:
            return await self.judge(found, None)
        return found

    async def part(self, upload: Upload, offset: int) -> Part:
        """The next part; Problem 409 with where to go on when it begins anywhere else."""
        if offset != upload.received:
            where = {"Upload-Offset": str(upload.received)}
            raise Problem(409, "upload-elsewhere", f"go on at {upload.received}", headers=where)
        assert upload.key is not None
        return Part(self, upload, upload.key)

    async def record(self, upload: Upload, size: int, name: str) -> None:
        """A part that is in the store. One that another process overtook is dropped again."""
        kept = await self.pool.fetchval(_KEEP_PART, upload.file_id, upload.received, size, name, PARTS_MAX)
        if kept is None:
            await self.objects.delete([name])
            raise Problem(409, "upload-elsewhere", "another part came at the same time, or too many did")

    async def end(self, upload: Upload, seen: Seen | None) -> Upload:
        """What came is all of it."""
        await self.pool.execute(_ENDS, upload.file_id)
        found = Upload(*await self.pool.fetchrow(FIND, upload.file_id, upload.owner))
        return await self.judge(found, seen)

    async def judge(self, upload: Upload, seen: Seen | None) -> Upload:
        """Judges a whole file; `seen` is what was looked at when all of it came at once, and else all of it is read again.

        Guarantee: a file is judged once it is whole, whoever sent its last part and died. Test: test_a_file_is_judged_whoever_sent_its_end.
        """
        damaged = False
        if seen is None or seen.size != upload.size:
            seen = Seen()
            try:
                async for piece in self.content(upload.file_id, upload.key or b""):
                    seen.feed(piece)
            except DAMAGES:
                damaged = True  # it can never become whole, and its sender is told
        kind = seen.kind()
        if damaged or (upload.told is not None and not hmac.compare_digest(upload.told, seen.sha256)):
            kind = "file-changed"
        fault = kind if isinstance(kind, str) else None
        name = upload.name if isinstance(kind, str) else named_as(upload.name, kind)
        scanned = None if self.clamd else False
        row = (upload.file_id, None if isinstance(kind, str) else kind.media_type, seen.sha256, fault)
        await self.pool.execute(_JUDGED, *row, name, scanned)
        judged = Upload(*await self.pool.fetchrow(FIND, upload.file_id, upload.owner))
        if judged.fault is None and judged.scanned is None and self.clamd:
            return await self.scan(judged, upload.key or b"")
        if judged.fault:
            await self.drop(judged.file_id)
        return judged

    async def scan(self, upload: Upload, key: bytes) -> Upload:
        """Asks the scanner; as it stands then."""
        verdict = await scan(self.clamd, self.content(upload.file_id, key))
        if verdict is not None:
            fault = "file-infected" if verdict == "infected" else None
            await self.pool.execute(_SCANNED, upload.file_id, True, fault)
            if fault:
                await self.drop(upload.file_id)
        return Upload(*await self.pool.fetchrow(FIND, upload.file_id, upload.owner))

    async def content(self, file_id: UUID, key: bytes) -> AsyncIterator[bytes]:
        """All of a file, opened with its key."""
        for size, name in await self.pool.fetch(PARTS, file_id):
            async for piece in opened(key, size, self.objects.read(name)):
                yield piece

    async def drop(self, file_id: UUID) -> None:
        """Takes its content away; what it was called and why it was refused stays until the day is over."""
        parts = await self.pool.fetch(PARTS, file_id)
        await self.pool.execute("UPDATE files SET key = NULL WHERE file_id = $1", file_id)
        await self.objects.delete([name for _, name in parts])
        await self.pool.execute("DELETE FROM file_parts WHERE file_id = $1", file_id)


class Part:
    """One part that is being received: `write` as it comes, then `end`, also when the sender is gone before the end of it."""

    def __init__(self, uploads: Uploads, upload: Upload, key: bytes) -> None:
        self._uploads, self._upload = uploads, upload
        self._sealer, self._seen, self._buffer = Sealer(key), Seen(), bytearray()
        self._incoming: Any = None
        self.size = 0

    async def write(self, piece: bytes) -> None:
        """Problem 422 for more than was announced, 413 for more than a file may have."""
        self.size += len(piece)
        most = FILE_BYTES_MAX if self._upload.size is None else self._upload.size
        if self._upload.received + self.size > most:
            if self._upload.size is not None:
                raise Problem(422, "file-changed", f"longer than the {most} bytes that were announced")
            raise Problem(413, "file-too-large", f"at most {most} bytes a file")
        self._buffer += piece
        while len(self._buffer) >= SEGMENT_BYTES:
            segment = bytes(self._buffer[:SEGMENT_BYTES])
            del self._buffer[:SEGMENT_BYTES]
            await self._keep(segment)

    async def _keep(self, segment: bytes) -> None:
        self._seen.feed(segment)
        if self._incoming is None:
            self._incoming = await self._uploads.objects.begin()
            await self._incoming.write(self._sealer.prefix)
        await self._incoming.write(self._sealer.seal(segment))

    async def end(self, *, is_last: bool = False) -> Upload:
        """Keeps what came. `is_last`: the file ends here, where its size was not announced.

        Guarantee: what came before a connection broke need not be sent again. Test: test_a_broken_upload_goes_on_where_it_was.
        """
        if self._buffer:
            await self._keep(bytes(self._buffer))
            self._buffer.clear()
        upload = self._upload
        if self._incoming is not None:
            await self._uploads.record(upload, self.size, await self._incoming.keep())
        whole = upload.size is not None and upload.received + self.size == upload.size
        if is_last or whole:
            ended = await self._uploads.end(upload, self._seen)
            logs.subject.set(str(ended.file_id))
            return ended
        row = await self._uploads.pool.fetchrow(FIND, upload.file_id, upload.owner)
        return Upload(*row)
