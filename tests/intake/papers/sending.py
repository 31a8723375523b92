"""Files that people send, and how they are sent."""

from __future__ import annotations

from typing import Any

import httpx

from tests.intake.conftest import Front

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40 + b"IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 40 + b"\xff\xd9"
ZIP = b"PK\x03\x04" + b"\0" * 40 + b"PK\x05\x06" + b"\0" * 18


def large(size: int) -> bytes:
    """A PDF of so many bytes, none of its segments like another."""
    middle = b"".join(b"%012d " % number for number in range(size // 13))
    return PDF[:9] + middle[: size - len(PDF)].ljust(size - len(PDF), b" ") + PDF[9:]


async def send(
    front: Front,
    content: bytes = PDF,
    *,
    key: str = "f1",
    name: str = "don.pdf",
    subject: str = "s1",
    role: str = "portal",
    **headers: Any,
) -> httpx.Response:
    """POST /v1/files with all of it."""
    said = front.headers(role, subject) | {
        "idempotency-key": key,
        "content-type": "application/octet-stream",
        **{header.replace("_", "-"): str(value) for header, value in headers.items()},
    }
    return await front.client.post("/v1/files", params={"name": name}, content=content, headers=said)


async def go_on(
    front: Front, file_id: str, offset: int, content: bytes, *, subject: str = "s1"
) -> httpx.Response:
    said = front.headers("portal", subject) | {
        "upload-offset": str(offset),
        "content-type": "application/octet-stream",
    }
    return await front.client.patch(f"/v1/files/{file_id}", content=content, headers=said)


async def sent(front: Front, content: bytes = PDF, **told: Any) -> str:
    """The id of a file that was taken."""
    answer = await send(front, content, **told)
    assert answer.status_code == 201, answer.text
    assert answer.json()["complete"], answer.text
    return str(answer.json()["file_id"])
