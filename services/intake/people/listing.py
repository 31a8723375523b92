"""The people behind many dossiers at once, as a register names them; for the dossiers' own office alone.

Promises that each person is written down as read, with the purpose, in the transaction that reads it. Tells no identifier and nothing
of what was filed but the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, ConfigDict, Field

from services.chassis.http.tokens import Caller
from services.intake.people.store import Purpose

MANY_MAX = 50
READ_MANY = """
SELECT n.dossier_id, p.name, p.owner_name, p.phone, p.content
FROM unnest($1::uuid[]) AS n(dossier_id), LATERAL read_person(n.dossier_id, $2, $3, $4) p
"""
ADDRESSES = ("residence_address", "head_office_address", "vietnam_office_address")
"""The fields of forms that say where somebody lives or sits."""


class AskedMany(BaseModel):
    """Whose people are asked for, and why."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    dossier_ids: list[Annotated[UUID, Field(strict=False)]] = Field(
        min_length=1,
        max_length=MANY_MAX,
        description="Dossiers of the caller's office; what is no dossier of it is left out of the answer.",
        examples=[["01980d5e-5b7c-7c21-8a52-0d6c5f6a1b33"]],
    )
    purpose: Purpose


class ListedPerson(BaseModel):
    """Who filed a dossier, as a register names them; null where it was erased or never given."""

    dossier_id: UUID
    name: str | None
    owner_name: str | None = Field(description="Whose dossier it is, where somebody else submitted it.")
    phone: str | None = Field(description="E.164.")
    address: str | None = Field(description="As it was filled in.")


class ListedPeople(BaseModel):
    """In no order."""

    items: list[ListedPerson]


async def read_many(pool: asyncpg.Pool[Any], asked: AskedMany, caller: Caller) -> dict[str, Any]:
    """The members of ListedPeople.

    Guarantee: whoever is named in a register is written down as read. Test: test_a_register_leaves_a_line_for_each_that_it_names.
    """
    ids = list(dict.fromkeys(asked.dossier_ids))
    rows = await pool.fetch(READ_MANY, ids, caller.office, caller.actor, asked.purpose)
    return {
        "items": [
            {
                "dossier_id": str(row["dossier_id"]),
                "name": row["name"],
                "owner_name": row["owner_name"],
                "phone": row["phone"],
                "address": _address(orjson.loads(row["content"]) if row["content"] else {}),
            }
            for row in rows
        ]
    }


def _address(content: Mapping[str, Any]) -> str | None:
    found = (content.get(name) for name in ADDRESSES)
    return next((each for each in found if isinstance(each, str) and each), None)
