"""Synthetic applicants, what they file, and tokens for everybody. Place codes 097 to 099 do not exist, so nobody is meant."""

import random
import time
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import orjson
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from contracts.catalogue.offices import load
from contracts.catalogue.shipped import Version, version_on
from tests.filled import filled

OFFICES = ("H29.015.00", "H29.016.00")
PROCEDURES = ("1.009982", "1.009984", "1.006871", "1.009974", "1.009972")
PAPERS = {"papers": [{"paper": 1, "fault": "missing"}]}
DESK_CHANNELS = ("postal", "in_person")
AT_THE_DESK = 0.2
WITH_EMAIL = 0.4
PHONED = 8
"""One applicant of so many has a mobile number."""
FILINGS_PER_CALLER = 40
ISSUER, AUDIENCE = "https://faults.example", "motcua"
TOKEN_SECONDS = 3 * 86_400
"""Good on a clock that is a day ahead, too: what it then refuses is of the dossiers."""


def office_for(procedure: str, draw: random.Random) -> str:
    """One of the offices that take the procedure in."""
    taken = [office for office in OFFICES if load().takes(office, procedure, date(2026, 1, 1))]
    return draw.choice(taken)


def unit_of(office: str) -> str:
    """The unit that handles all dossiers of an office in a run."""
    return f"{office}/QLXD"


def classes_of(procedure: str, on: date) -> list[str]:
    """The project classes of which an acceptance must name one; none where the limit depends on none."""
    in_force = version_on(procedure, on)
    return sorted(in_force.limit_days_by_class or {}) if isinstance(in_force, Version) else []


class Officer(NamedTuple):
    """An officer serves at the desk of one office and belongs to its one unit."""

    name: str
    office: str
    role: str = "officer"

    def rival(self) -> "Officer":
        """A colleague who wants to do the same at the same moment."""
        return self._replace(name=f"rival-{self.name}")

    def colleague(self) -> "Officer":
        """To whom a dossier is given."""
        return self._replace(name=f"colleague-{self.name}")

    def elsewhere(self) -> "Officer":
        """Who has the same work in the other office's unit."""
        (office,) = set(OFFICES) - {self.office}
        return self._replace(name=f"elsewhere-{self.name}", office=office)

    def supervisor(self) -> "Officer":
        """Who reverses what the officer did, waives, assigns and transfers."""
        return self._replace(name=f"supervisor-{self.name}", role="supervisor")


def serving(officers: int) -> list[dict[str, str]]:
    """Everybody who is given a dossier, as the register of officers is told of them."""
    plain = [Officer(f"officer-{number}", office) for number in range(officers) for office in OFFICES]
    return [
        {
            "subject": each.name,
            "name": f"The {each.name}",
            "unit": unit_of(each.office),
            "since": "2000-01-01",
        }
        for officer in plain
        for each in (officer, officer.colleague(), officer.rival().colleague(), officer.elsewhere())
    ]


class Sheet(NamedTuple):
    """One filing to be made: by whom, with which body, and whether e-mail and text messages reach the applicant."""

    role: str
    caller: str
    email: str | None
    office: str
    body: bytes
    phone: str | None = None


def sheet(number: int, draw: random.Random) -> Sheet:
    """What applicant `number` files; an e-mail address and a mobile number name nobody but the number."""
    at_the_desk = draw.random() < AT_THE_DESK
    email = f"p{number}@example.org" if draw.random() < WITH_EMAIL else None
    applicant: dict[str, object] = {
        "name": "Nguyễn Văn Thử",
        "identifier": {"kind": "cccd", "number": f"{draw.randint(97, 99):03}0{draw.randrange(10**8):08}"},
    }
    phone = f"+84912{number % 10**6:06}" if number % PHONED == 3 else None
    if email:
        applicant["email"] = email
    if phone:
        applicant["phone"] = phone
    procedure = draw.choice(PROCEDURES)
    office = office_for(procedure, draw)
    body = {
        "procedure": procedure,
        "office": office,
        "channel": draw.choice(DESK_CHANNELS) if at_the_desk else "online",
        "applicant": applicant,
        "content": filled(procedure),
    }
    role = "officer" if at_the_desk else "portal"
    return Sheet(role, f"{role}-{number // FILINGS_PER_CALLER}", email, office, orjson.dumps(body), phone)


class Issuer:
    """Signs the run's tokens; the services know its public key from a file."""

    def __init__(self, folder: Path) -> None:
        self._key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True)
        self.jwks = folder / "jwks.json"
        self.jwks.write_bytes(orjson.dumps(KeySet([self._key]).as_dict(private=False)))
        self.token = lru_cache(maxsize=None)(self._sign)

    def _sign(self, role: str, subject: str, office: str = "") -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "role": role,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
        if office:
            claims |= {"office": office, "unit": unit_of(office)}
        return jwt.encode({"alg": "Ed25519", "kid": self._key.kid}, claims, self._key, algorithms=["Ed25519"])
