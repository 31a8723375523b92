"""The papers of a dossier: which files a filing or a supplement names, under which key they are kept, and who opens them.

A commitment in the log names its papers: they are written beside it before it is appended, and count from the event on. So a crash
in between leaves nothing but rows that no event speaks of. Never tells anything of a file but to whom the dossier concerns.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from contracts.catalogue.procedure import Version
from contracts.catalogue.shipped import version_on
from services.chassis.http.problems import Problem
from services.chassis.log.event_store import RepeatKey
from services.intake.dossier import EVENTS, DossierSubmitted, SupplementProvided
from services.intake.following import Row
from services.intake.papers.kinds import KINDS
from services.intake.papers.paper import Paper, PaperFiled
from services.intake.papers.sealing import new_key, unwrap, wrap
from services.intake.papers.uploads import DAMAGES, REFUSALS, Upload, Uploads
from services.intake.usual import ZONE

log = logging.getLogger(__name__)

PAPERS_MAX = 50
DOSSIER_BYTES_MAX = 200 * 1_048_576

# A paper counts where its commitment is in the log.
NAMED = """
EXISTS (SELECT FROM events e WHERE e.stream_id = p.dossier_id AND e.data ->> 'content_commitment' = p.commitment)
"""
_ASKED = f"""
SELECT f.file_id, f.owner, f.name, f.size, f.received, f.told, f.key, f.kind, f.sha256, f.fault, f.scanned,
    EXISTS (SELECT FROM papers p WHERE p.file_id = f.file_id AND {NAMED}) AS taken
FROM files f WHERE f.file_id = ANY($1::uuid[]) AND f.owner = $2
"""
_DOSSIER_KEY = """
INSERT INTO dossier_keys (dossier_id, key) VALUES ($1, $2)
ON CONFLICT (dossier_id) DO UPDATE SET key = dossier_keys.key RETURNING key
"""
# Those that may still be named by an event on its way count too; sent again, a file counts once.
_BYTES = f"""
SELECT coalesce(sum(f.size), 0)::bigint FROM files f WHERE f.file_id <> ALL($2::uuid[]) AND f.file_id IN (
    SELECT p.file_id FROM papers p
    WHERE p.dossier_id = $1 AND (p.named_at > clock_timestamp() - interval '1 hour' OR {NAMED})
)
"""
_LOCK = "SELECT FROM files WHERE file_id = ANY($1::uuid[]) ORDER BY file_id FOR UPDATE"
# Named under another key, in the log or on its way there.
_NAMED_ELSEWHERE = f"""
SELECT bool_or({NAMED}) FROM papers p
WHERE p.file_id = ANY($1::uuid[]) AND p.claim IS DISTINCT FROM $2
    AND (p.named_at > clock_timestamp() - interval '1 hour' OR {NAMED})
"""
_NAME = """
INSERT INTO papers (commitment, place, paper, dossier_id, file_id, key, claim)
SELECT $1, n.place, n.paper, $2, n.file_id, n.key, $6
FROM unnest($3::int[], $4::uuid[], $5::bytea[]) WITH ORDINALITY AS n(paper, file_id, key, place)
"""
_LISTED = """
SELECT p.commitment, p.paper, f.file_id, f.name, f.size, f.kind, f.sha256, f.scanned, f.fault, k.key IS NOT NULL AS there
FROM papers p JOIN files f ON f.file_id = p.file_id LEFT JOIN dossier_keys k ON k.dossier_id = p.dossier_id
WHERE p.dossier_id = $1 AND p.commitment = ANY($2::text[]) ORDER BY p.place
"""
_OPEN = """
SELECT p.key, k.key AS dossier_key, f.file_id, f.owner, f.name, f.size, f.received, f.told, NULL::bytea, f.kind, f.sha256,
    f.fault, f.scanned
FROM papers p JOIN files f ON f.file_id = p.file_id LEFT JOIN dossier_keys k ON k.dossier_id = p.dossier_id
WHERE p.dossier_id = $1 AND p.file_id = $2 AND p.commitment = ANY($3::text[]) LIMIT 1
"""
_DESTROY_KEY = """
UPDATE dossier_keys SET key = NULL, destroyed_at = clock_timestamp(), destroyed_by = $2, reason = $3
WHERE dossier_id = $1 AND key IS NOT NULL RETURNING dossier_id
"""
# A filing that was tried twice left the file's key under another dossier's.
_DESTROY_FILES = """
WITH its AS (SELECT DISTINCT file_id FROM papers WHERE dossier_id = $1),
    keys AS (UPDATE papers SET key = '' WHERE file_id IN (SELECT file_id FROM its)),
    files AS (
        UPDATE files SET key = NULL, name = '', fault = coalesce(fault, 'papers-destroyed')
        WHERE file_id IN (SELECT file_id FROM its) RETURNING file_id
    )
SELECT count(*) FROM files
"""


class Named(NamedTuple):
    """A file that is to be named."""

    paper: int | None
    upload: Upload


def manifest(papers: Sequence[Named]) -> bytes:
    """What a commitment commits to beside the content: each paper by its hash; nothing where there is none.

    Guarantee: the commitment names every paper by its hash. Test: test_the_commitment_names_every_paper.
    """
    if not papers:
        return b""
    return b"\n" + orjson.dumps([[each.paper, (each.upload.sha256 or b"").hex()] for each in papers])


async def asked_for(
    uploads: Uploads | None, owner: str, asked: Sequence[PaperFiled], procedure: str, at: datetime
) -> list[Named] | Problem:
    """The files that the caller names, each whole, sound and not yet of any dossier; or the Problem at the first that is not.
    Its place is among the papers of the procedure as it was at that time.
    """
    if not asked:
        return []
    assert uploads is not None
    version = version_on(procedure, at.astimezone(ZONE).date())
    listed = len(version.papers) if isinstance(version, Version) else PAPERS_MAX
    if len(asked) > PAPERS_MAX:
        return Problem(422, "too-many-papers", f"at most {PAPERS_MAX} at once", field="papers")
    rows = await uploads.pool.fetch(_ASKED, [each.file_id for each in asked], owner)
    found = {row["file_id"]: row for row in rows}
    named: list[Named] = []
    for place, each in enumerate(asked):
        if each.paper is not None and each.paper > listed:
            return Problem(
                422, "paper-unlisted", f"{listed} papers are asked for", field=f"papers.{place}.paper"
            )
        field = f"papers.{place}.file_id"
        row = found.pop(each.file_id, None)
        if row is None:
            return Problem(422, "file-unknown", "no upload of yours, or named before", field=field)
        *columns, taken = row
        upload = Upload(*columns)
        if upload.fault:
            return Problem(422, upload.fault, REFUSALS[upload.fault], field=field)
        if taken:
            return _taken(field)
        if upload.sha256 is None or upload.key is None:
            return Problem(422, "file-incomplete", "not all of it has come", field=field)
        named.append(Named(each.paper, upload))
    return named


async def name(
    pool: asyncpg.Pool[Any], dossier_id: UUID, commitment: str, papers: Sequence[Named], key: RepeatKey
) -> None:
    """Writes down what a commitment names, each file's key under the dossier's; Problem 413 beyond what a dossier may hold.
    Sent again under its `key`, it names them again; under another key nobody does.

    Guarantee: papers belong to a dossier from its event on, and to none without it.
    Test: test_papers_belong_to_a_dossier_from_its_event_on.
    Guarantee: of two filings that name one file at once, one gets it. Test: test_of_two_filings_at_once_one_gets_the_file.
    """
    if not papers:
        return
    claim = hashlib.sha256(f"{key.caller}\n{key.key}".encode()).digest()
    try:
        await _name(pool, dossier_id, commitment, papers, claim)
    except asyncpg.ForeignKeyViolationError:
        raise Problem(422, "file-unknown", "its day is over", field="papers") from None


async def _name(
    pool: asyncpg.Pool[Any], dossier_id: UUID, commitment: str, papers: Sequence[Named], claim: bytes
) -> None:
    ids = [each.upload.file_id for each in papers]
    async with pool.acquire() as connection, connection.transaction():
        key = await connection.fetchval(_DOSSIER_KEY, dossier_id, new_key())
        if key is None:
            raise Problem(409, "papers-destroyed", "the papers of this dossier were destroyed")
        # A statement of its own: what another filing named meanwhile is seen once its lock is gone.
        await connection.execute(_LOCK, ids)
        elsewhere = await connection.fetchval(_NAMED_ELSEWHERE, ids, claim)
        if elsewhere is not None:
            raise _taken() if elsewhere else _being_filed()
        size = sum(each.upload.size or 0 for each in papers)
        if size + await connection.fetchval(_BYTES, dossier_id, ids) > DOSSIER_BYTES_MAX:
            detail = f"at most {DOSSIER_BYTES_MAX} bytes a dossier"
            raise Problem(413, "papers-too-large", detail, field="papers")
        keys = [wrap(key, each.upload.key or b"") for each in papers]
        places = [each.paper for each in papers]
        await connection.execute(_NAME, commitment, dossier_id, places, ids, keys, claim)


def _taken(field: str = "papers") -> Problem:
    return Problem(422, "file-taken", "it belongs to a dossier already", field=field)


def _being_filed() -> Problem:
    detail = "another request names it; if that one failed, send it again under its key, or wait an hour"
    return Problem(409, "file-being-filed", detail, field="papers")


def commitments(own: Sequence[Row]) -> dict[str, int]:
    """Which of the applicant's acts bears each commitment."""
    found: dict[str, int] = {}
    for row in own:
        event = EVENTS.decode(row.what, row.schema_version, row.data or "")
        if isinstance(event, DossierSubmitted | SupplementProvided):
            found.setdefault(event.content_commitment, row.sequence)
    return found


async def listed(pool: asyncpg.Pool[Any], dossier_id: UUID, own: Sequence[Row]) -> list[Paper]:
    """The papers of a dossier, in the order in which they came."""
    acts = commitments(own)
    rows = await pool.fetch(_LISTED, dossier_id, list(acts))
    papers = [
        Paper(
            sequence=acts[row["commitment"]],
            paper=row["paper"],
            file_id=row["file_id"],
            name=row["name"],
            size=row["size"],
            media_type=row["kind"],
            sha256=row["sha256"].hex(),
            scanned=row["scanned"],
            there=row["there"] and row["fault"] is None,
        )
        for row in rows
    ]
    return sorted(papers, key=lambda each: each.sequence)


class Opened(NamedTuple):
    """A paper that may be given out."""

    name: str
    media_type: str
    size: int
    content: AsyncIterator[bytes]


async def open_paper(uploads: Uploads, dossier_id: UUID, file_id: UUID, own: Sequence[Row]) -> Opened:
    """A paper for who may see the dossier; Problem 404, 409 where there is nothing to give out.

    Guarantee: what was not scanned yet is opened by nobody. Test: test_a_file_is_opened_once_it_is_scanned.
    """
    row = await uploads.pool.fetchrow(_OPEN, dossier_id, file_id, list(commitments(own)))
    if row is None:
        raise Problem(404, "paper-unknown", "no such paper in this dossier")
    wrapped, dossier_key, *columns = row
    upload = Upload(*columns)
    if dossier_key is None:
        raise Problem(409, "papers-destroyed", "the papers of this dossier were destroyed")
    if not upload.fault:
        key = unwrap(dossier_key, wrapped)
        if uploads.clamd and not upload.scanned:
            upload = await uploads.scan(upload, key)
    if upload.fault:
        raise Problem(409, upload.fault, REFUSALS[upload.fault])
    if uploads.clamd and not upload.scanned:
        raise Problem(503, "not-scanned-yet", "the scanner does not answer", headers={"Retry-After": "10"})
    assert upload.kind in KINDS and upload.size is not None
    content = uploads.content(file_id, key)
    try:
        first = await anext(content)
    except (*DAMAGES, StopAsyncIteration) as error:
        log.error("paper-damaged", extra={"fields": {"file_id": str(file_id), "error": type(error).__name__}})
        raise Problem(409, "paper-damaged", "it is not as it was kept") from None
    return Opened(upload.name, upload.kind, upload.size, _with_first(first, content))


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def destroy(pool: asyncpg.Pool[Any], dossier_id: UUID, actor: str, reason: str) -> int:
    """Destroys the key of a dossier, every other key of its files and what they were called: nobody ever opens its papers again. How
    many they are. What officers said to the applicant in words lay under the same key.

    Guarantee: without the dossier's key none of its papers can be read. Test: test_nobody_reads_papers_whose_key_was_destroyed.
    """
    async with pool.acquire() as connection, connection.transaction():
        # The lock that name() takes: what it names is destroyed too, or refused.
        if await connection.fetchval(_DESTROY_KEY, dossier_id, actor, reason) is None:
            raise LookupError(f"no papers of dossier {dossier_id} are kept")
        await connection.execute("SELECT erase_words($1, NULL)", dossier_id)
        return int(await connection.fetchval(_DESTROY_FILES, dossier_id))
