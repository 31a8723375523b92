"""Synthetic filings, the same from the same seed: people whose place codes do not exist, forms of an ordinary size."""

from __future__ import annotations

import json
import random
from uuid import UUID

from tests.benchmarks.issuer import Issuer
from tests.benchmarks.load import request
from tests.filled import filled

# In force whenever the benchmark runs: an abolished one would be refused.
PROCEDURES = ("1.009982", "1.009983", "1.009984", "1.009986", "1.009928", "1.009985", "1.002572", "1.009974")
OFFICE = "H29.015.00"
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng")
MIDDLE = ("Văn", "Thị", "Đức", "Ngọc", "Minh", "Thanh", "Quốc", "Hữu")
GIVEN = (
    "An",
    "Bình",
    "Châu",
    "Dũng",
    "Giang",
    "Hà",
    "Khánh",
    "Lan",
    "Nam",
    "Phúc",
    "Quân",
    "Sơn",
    "Tú",
    "Vy",
)


def filing(chance: random.Random, *, email: bool = False) -> bytes:
    """One filing as JSON bytes, about 700 of them."""
    applicant: dict[str, object] = {
        "name": f"{chance.choice(FAMILY)} {chance.choice(MIDDLE)} {chance.choice(GIVEN)}",
        "identifier": {
            "kind": "cccd",
            "number": f"{chance.randint(97, 99):03}{chance.randint(0, 3)}{chance.randrange(10**8):08}",
        },
        "phone": f"09{chance.randrange(10**8):08}",
    }
    if email:
        applicant["email"] = f"nguoi.nop.{chance.randrange(10**8)}@example.vn"
    procedure = chance.choice(PROCEDURES)
    body = {
        "procedure": procedure,
        "office": OFFICE,
        "channel": "online",
        "applicant": applicant,
        "content": filled(procedure),
    }
    return json.dumps(body, ensure_ascii=False).encode()


def key(chance: random.Random) -> str:
    """An idempotency key as clients make them: a random UUID."""
    return str(UUID(int=chance.getrandbits(128), version=4))


def filings(issuer: Issuer, count: int, chance: random.Random) -> list[bytes]:
    """That many submissions by one portal as HTTP requests, each with a key of its own."""
    token = issuer.token("portal", "portal-1")
    return [
        request(
            "POST", "/v1/dossiers", token=token, body=filing(chance), headers={"idempotency-key": key(chance)}
        )
        for _ in range(count)
    ]
