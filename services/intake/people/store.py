"""The people store: who applies, how to reach them, and what they filed. Apart from the log, so that it can be erased for good.

Promises that personal data leaves it on two ways only: to an officer of the dossier's own office for a purpose that is
logged, and to the `contacts` topic. Never lets any into an event, a log line, a metric or an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from contracts.contacts import CHANGE_HEADER, Contact
from contracts.intake import IdentifierKind
from services.chassis.kafka.feeds import Feed
from services.chassis.kafka.sending import Message
from services.intake.papers.paper import Paper
from services.intake.people import words
from services.intake.people.forms import (
    CITIZEN,
    COUNTRIES,
    ORGANISATION,
    PASSPORT,
    REGISTRATION,
    Email,
    Form,
    PersonName,
    Phone,
    plausible_name,
)

SALT_BYTES = 16
TOPIC = "contacts"
CHANGES_COUNTER = "contact_changes"
"""What numbers the changes of contacts: the event of one draws its number, as the first member of its data."""
FORMS: Mapping[IdentifierKind, Form] = {
    "cccd": CITIZEN,
    "tax_code": ORGANISATION,
    "passport": PASSPORT,
    "foreign_registration": REGISTRATION,
}
FOREIGN = frozenset({"passport", "foreign_registration"})
OF_ORGANISATIONS = frozenset({"tax_code", "foreign_registration"})
NUMBER = "^(?:" + "|".join(form.pattern for form in FORMS.values()) + ")$"


class _Filed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Identifier(_Filed):
    """A citizen number (cccd), an organisation's tax code, or a foreigner's passport or registration with its country."""

    kind: IdentifierKind
    country: Annotated[
        str | None,
        Field(
            validate_default=True,
            json_schema_extra={"pattern": "^[A-Z]{2}$"},
            description="ISO 3166-1, two letters: who issued a passport or a foreign registration. Absent for the others.",
        ),
    ] = None
    number: Annotated[str, Field(json_schema_extra={"pattern": NUMBER})]

    @field_validator("country")
    @classmethod
    def _is_where_it_belongs(cls, country: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind is None:  # that is told already
            return country
        if kind in FOREIGN and country is None:
            raise PydanticCustomError("country-missing", "a passport or a foreign registration has a country")
        if kind in FOREIGN and country not in COUNTRIES:
            raise PydanticCustomError("country-unknown", "two capital letters of ISO 3166-1, and not VN")
        if kind not in FOREIGN and country is not None:
            raise PydanticCustomError("country-not-taken", "numbers of Vietnam have no country")
        return country

    @field_validator("number")
    @classmethod
    def _is_plausible(cls, number: str, info: ValidationInfo) -> str:
        kind = info.data.get("kind")
        if kind is None:  # that is told already
            return number
        return FORMS[kind].check(number)

    @property
    def kept(self) -> str:
        """The number as it is kept, a foreign one behind its country: `KR 110111-0006246`."""
        return self.number if self.country is None else f"{self.country} {self.number}"


class Applicant(_Filed):
    """Who applies; without e-mail and phone notices go to the web inbox alone."""

    identifier: Identifier
    name: PersonName
    email: Email | None = None
    phone: Phone | None = None

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str, info: ValidationInfo) -> str:
        identifier = info.data.get("identifier")
        return plausible_name(name, of_organisation=identifier is None or identifier.kind in OF_ORGANISATIONS)


class Filing(NamedTuple):
    """A row for the SQL function submit_v2(): what is kept of one submission beside its event. Order is that of type new_filing_v2."""

    dossier_id: UUID
    applicant_id: UUID
    name: str | None
    identifier_kind: str | None
    identifier_number: str | None
    email: str | None
    phone: str | None
    content: bytes
    salt: bytes
    owner_name: str | None = None
    owner_identifier_kind: str | None = None
    owner_identifier_number: str | None = None
    owner_email: str | None = None
    owner_phone: str | None = None


Columns = tuple[str | None, str | None, str | None, str | None, str | None]
NOBODY: Columns = (None, None, None, None, None)


def filing(
    dossier_id: UUID,
    applicant_id: UUID,
    applicant: Applicant | None,
    content: bytes,
    salt: bytes,
    owner: Applicant | None = None,
) -> Filing:
    """`owner`, when somebody else submits for them."""
    return Filing(dossier_id, applicant_id, *_columns(applicant), content, salt, *_columns(owner))


def _columns(person: Applicant | None) -> Columns:
    if person is None:
        return NOBODY
    return person.name, person.identifier.kind, person.identifier.kept, person.email, person.phone


class Act(NamedTuple):
    """A row for record_acts_v2() in SQL: what is kept beside the event at `index` of its item. Order is that of type new_act_v2."""

    index: int  # type: ignore[assignment]
    content: bytes | None = None
    salt: bytes | None = None
    reference: str | None = None
    body_hmac: bytes | None = None


def commitment(salt: bytes, content: bytes, papers: bytes = b"") -> str:
    """Proves later what was filed; without the salt, which is erased with the content, it can be matched with nothing.
    `papers` names the files by their hashes; the content is JSON, so that nothing of one reads as the other.

    Guarantee: the commitment in the log matches what is kept, and nothing else. Test: test_the_commitment_matches_what_is_kept.
    """
    return hashlib.sha256(salt + content + papers).hexdigest()


Purpose = Literal["reception", "processing", "result", "complaint", "audit"]


class Owner(BaseModel):
    """Whose dossier it is, when somebody else submitted it."""

    name: str
    identifier_kind: str
    identifier_number: str = Field(description="A foreign one behind its country: KR 110111-0006246.")
    email: str | None
    phone: str | None = Field(description="E.164.")


class Brought(BaseModel):
    """What was brought later; `sequence` is its place among the applicant's acts. None when it was erased."""

    sequence: int
    content: dict[str, Any] | None


class Said(BaseModel):
    """What an officer said to the applicant in words."""

    commitment: str
    words: str


class Person(BaseModel):
    """What an officer sees of a dossier's submitter, and what was filed; all None when it was erased or never given."""

    dossier_id: UUID
    office: str
    name: str | None
    identifier_kind: str | None
    identifier_number: str | None = Field(description="A foreign one behind its country: KR 110111-0006246.")
    email: str | None
    phone: str | None = Field(description="E.164.")
    content: dict[str, Any] | None
    owner: Owner | None
    supplements: list[Brought]
    papers: list[Paper] = Field(
        default=[], examples=[[]], description="What was uploaded, in the order in which it came."
    )
    words: list[Said] = Field(default=[], examples=[[]])


async def read_person(
    pool: asyncpg.Pool[Any], dossier_id: UUID, office: str, actor: str, purpose: Purpose
) -> Person | None:
    """The person behind a dossier of `office`, or None; who looked, when and why is kept in the same transaction.

    Guarantee: personal data is not read without a line in the access log. Test: test_reading_a_person_leaves_a_line.
    """
    row = await pool.fetchrow("SELECT * FROM read_person($1, $2, $3, $4)", dossier_id, office, actor, purpose)
    if row is None:
        return None
    members = dict(row)
    owner = {name: members.pop(f"owner_{name}") for name in Owner.model_fields}
    sequences, contents = members.pop("supplement_sequences"), members.pop("supplement_contents")
    members |= {
        "content": _read(row["content"]),
        "owner": owner if owner["name"] is not None else None,
        "supplements": [
            {"sequence": sequence, "content": _read(content)}
            for sequence, content in zip(sequences, contents, strict=True)
        ],
    }
    return Person.model_validate({**members, "dossier_id": dossier_id, "office": office})


def _read(content: bytes | None) -> Any:
    return None if content is None else orjson.loads(content)


CHANGES = """
SELECT c.position, c.applicant_id, a.name, CASE WHEN w.by_email IS NOT FALSE THEN a.email END AS email,
    CASE WHEN w.by_phone IS NOT FALSE THEN a.phone END AS phone
FROM contact_changes c LEFT JOIN applicants a ON a.applicant_id = c.applicant_id
LEFT JOIN contact_wishes w ON w.applicant_id = c.applicant_id
WHERE c.position > $1 ORDER BY c.position LIMIT $2
"""


async def _changes(connection: Any, after: int, limit: int) -> list[tuple[int, Message]]:
    """Each change of contact with what the people store holds *now*: an erased person is a tombstone, whatever was said before."""
    rows = await connection.fetch(CHANGES, after, limit)
    said = await words.kept_for(connection, {row["applicant_id"] for row in rows}) if rows else {}
    return [(row[0], contact_message(row, said.get(row["applicant_id"], {}))) for row in rows]


def contact_message(row: Mapping[str, Any], said: Mapping[str, str]) -> Message:
    """What is told of one change; `said` is what officers said in words."""
    key, change = str(row["applicant_id"]), row["position"]
    headers: Sequence[tuple[str, bytes]] = [(CHANGE_HEADER, b"%d" % change)]
    if row["name"] is None:
        return Message(TOPIC, key.encode(), None, headers)
    contact = Contact(
        applicant_id=row["applicant_id"],
        change=change,
        name=row["name"],
        email=row["email"],
        phone=row["phone"],
        words=dict(said),
    )
    return Message(TOPIC, key.encode(), contact.model_dump_json(exclude_defaults=True).encode(), headers)


CONTACTS = Feed("contacts", _changes)
