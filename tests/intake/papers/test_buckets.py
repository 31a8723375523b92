"""Files in a bucket, against a server that speaks S3."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.intake.app import uploads_of
from services.intake.papers import objects as object_store
from services.intake.papers.objects import Objects
from services.intake.settings import IntakeSettings
from tests.intake.conftest import Process
from tests.intake.papers.sending import go_on, large, send
from tests.intake.papers.test_papers import filed, opened


@contextmanager
def a_bucket() -> Iterator[tuple[Any, dict[str, str]]]:
    """The bucket, and how intake is told of it; afterwards nobody answers there."""
    import boto3  # type: ignore[import-untyped]
    from moto.server import ThreadedMotoServer  # type: ignore[import-untyped]

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        where = "http://{}:{}".format(*server.get_host_and_port())
        keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "us-east-1"}
        told = {
            "files_url": "s3://papers/of/intake",
            "files_s3_endpoint": where,
            "files_s3_key_id": "k",
            "files_s3_secret": "s",
        }
        yield boto3.resource("s3", endpoint_url=where, **keys).create_bucket(Bucket="papers"), told
    finally:
        server.stop()


async def test_files_are_kept_in_a_bucket(process: Process, settings: IntakeSettings) -> None:
    with a_bucket() as (bucket, told):
        async with process(**told) as front:
            content = large(6_000_000)
            begun = await send(front, content[:5_500_000], upload_length=len(content))
            file_id = begun.json()["file_id"]
            await go_on(front, file_id, 5_500_000, content[5_500_000:])
            dossier_id = await filed(front, (file_id, 1))
            assert (await opened(front, dossier_id, file_id)).content == content
            names = [each.key for each in bucket.objects.all()]
            assert len(names) == 2 and all(name.startswith("of/intake/") for name in names)
            for each in bucket.objects.all():
                assert each.key.endswith(hashlib.sha256(each.get()["Body"].read()).hexdigest())
            uploads = uploads_of(IntakeSettings(**(settings.model_dump() | told)), front.pool)
            await uploads.drop(UUID(file_id))
            assert list(bucket.objects.all()) == []
    async with process(**told) as front:
        away = await send(front, key="away")
        assert (away.status_code, away.json()["code"]) == (503, "files-away")


async def test_a_bucket_waits_for_who_reads_slowly(
    settings: IntakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For longer than any one of its answers may take."""
    monkeypatch.setattr(object_store, "ANSWER", timedelta(seconds=1))
    with a_bucket() as (_, told):
        objects = Objects(IntakeSettings(**(settings.model_dump() | told)))
        incoming = await objects.begin()
        for _ in range(320):
            await incoming.write(b"x" * 65_536)
        size = 0
        async for piece in objects.read(await incoming.keep()):
            size += len(piece)
            await asyncio.sleep(0.1)
        assert size == 320 * 65_536
