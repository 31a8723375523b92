"""The people store: who applies, how to reach them, and what they filed. Apart from the log, so that it can be erased for good.

Promises that personal data leaves it on two ways only: to an officer of the dossier's own office for a purpose that is
logged, and to the `contacts` topic. Never lets any into an event, a log line, a metric or an error.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.chassis.relay import Feed
from services.chassis.sending import Message

SALT_BYTES = 16
TOPIC = "contacts"

_CCCD = re.compile(r"0(?:0[1-9]|[1-9][0-9])[0-3][0-9]{8}")
_TAX_CODE = re.compile(r"[0-9]{10}(?:-[0-9]{3})?")
_MOBILE = re.compile(r"0[35789][0-9]{8}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


def _cccd(number: str) -> str:
    """12 digits: place 001–096 (097–099 do not exist and are for synthetic people), century and sex 0–3, year, random; no check digit."""
    if not _CCCD.fullmatch(number):
        raise PydanticCustomError(
            "cccd-implausible", "a citizen number has 12 digits: place 001 to 099, then 0 to 3, then 8 more"
        )
    return number


def _tax_code(number: str) -> str:
    if not _TAX_CODE.fullmatch(number):
        raise PydanticCustomError(
            "tax-code-implausible", "a tax code has 10 digits, a branch's then - and 3 more"
        )
    return number


def _mobile(number: str) -> str:
    if not _MOBILE.fullmatch(number):
        raise PydanticCustomError(
            "phone-implausible", "a mobile number has 10 digits and begins with 03, 05, 07, 08 or 09"
        )
    return number


def _email(address: str) -> str:
    if len(address) > 254 or not _EMAIL.fullmatch(address):
        raise PydanticCustomError("email-implausible", "an e-mail address looks like name@example.vn")
    return address


def _printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("text-not-printable", "text must not contain control characters")
    return text


class _Filed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Citizen(_Filed):
    kind: Literal["cccd"]
    number: Annotated[str, AfterValidator(_cccd)]


class Organisation(_Filed):
    kind: Literal["tax_code"]
    number: Annotated[str, AfterValidator(_tax_code)]


class Applicant(_Filed):
    """Who applies; without e-mail and phone notices go to the web inbox alone."""

    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
        AfterValidator(_printable),
    ]
    identifier: Annotated[Citizen | Organisation, Field(discriminator="kind")]
    email: Annotated[str, AfterValidator(_email)] | None = None
    phone: Annotated[str, AfterValidator(_mobile)] | None = None


class Filing(NamedTuple):
    """A row for the SQL function submit(): what is kept of one submission beside its event. Order is that of type new_filing."""

    dossier_id: UUID
    applicant_id: UUID
    name: str | None
    identifier_kind: str | None
    identifier_number: str | None
    email: str | None
    phone: str | None
    content: bytes
    salt: bytes


def filing(
    dossier_id: UUID, applicant_id: UUID, applicant: Applicant | None, content: bytes, salt: bytes
) -> Filing:
    if applicant is None:
        return Filing(dossier_id, applicant_id, None, None, None, None, None, content, salt)
    identifier = applicant.identifier
    return Filing(
        dossier_id,
        applicant_id,
        applicant.name,
        identifier.kind,
        identifier.number,
        applicant.email,
        applicant.phone,
        content,
        salt,
    )


def commitment(salt: bytes, content: bytes) -> str:
    """Proves later what was filed; without the salt, which is erased with the content, it can be matched with nothing.

    Guarantee: the commitment in the log matches what is kept, and nothing else. Test: test_the_commitment_matches_what_is_kept.
    """
    return hashlib.sha256(salt + content).hexdigest()


Purpose = Literal["reception", "processing", "result", "complaint", "audit"]


class Person(BaseModel):
    """What an officer sees of a dossier's applicant, and what was filed; all None when it was erased or never given."""

    dossier_id: UUID
    office: str
    name: str | None
    identifier_kind: str | None
    identifier_number: str | None
    email: str | None
    phone: str | None
    content: dict[str, Any] | None


async def read_person(
    pool: asyncpg.Pool[Any], dossier_id: UUID, office: str, actor: str, purpose: Purpose
) -> Person | None:
    """The person behind a dossier of `office`, or None; who looked, when and why is kept in the same transaction.

    Guarantee: personal data is not read without a line in the access log. Test: test_reading_a_person_leaves_a_line.
    """
    row = await pool.fetchrow("SELECT * FROM read_person($1, $2, $3, $4)", dossier_id, office, actor, purpose)
    if row is None:
        return None
    content = orjson.loads(row["content"]) if row["content"] is not None else None
    return Person(**{**dict(row), "content": content, "dossier_id": dossier_id, "office": office})


CHANGES = """
SELECT c.position, c.applicant_id, a.name, a.email, a.phone
FROM contact_changes c LEFT JOIN applicants a ON a.applicant_id = c.applicant_id
WHERE c.position > $1 ORDER BY c.position LIMIT $2
"""


async def _changes(connection: Any, after: int, limit: int) -> list[tuple[int, Message]]:
    """Each change of contact with what the people store holds *now*: an erased person is a tombstone, whatever was said before."""
    rows = await connection.fetch(CHANGES, after, limit)
    return [(row["position"], contact_message(*row)) for row in rows]


def contact_message(
    change: int, applicant_id: UUID, name: str | None, email: str | None, phone: str | None
) -> Message:
    key = str(applicant_id)
    headers: Sequence[tuple[str, bytes]] = [("change", b"%d" % change)]
    if name is None:
        return Message(TOPIC, key.encode(), None, headers)
    contact = {"applicant_id": key, "change": change, "name": name, "email": email, "phone": phone}
    return Message(TOPIC, key.encode(), orjson.dumps(contact), headers)


CONTACTS = Feed("contacts", _changes)
