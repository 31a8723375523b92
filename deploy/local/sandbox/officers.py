"""The officers of a sandbox, who act by a script: `python -m deploy.local.sandbox.officers HOME PORT_BASE`.

A minute of the sandbox's clock after a dossier is filed it is accepted, and a minute later granted. A word in the applicant's name or
e-mail address chooses another course. They come in by the doors that all officers do, remember nothing that matters, and leave alone
what an officer of another name has taken.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Container, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from contracts.catalogue.offices import load
from contracts.catalogue.refusals import REFUSALS
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from deploy.local.sandbox.moving import now

NAME = "sandbox-officer"
AFTER = timedelta(minutes=1)
LOOK_SECONDS = 1.0
OPEN = (
    "submitted",
    "accepted",
    "in_processing",
    "supplement_requested",
    "payment_requested",
    "withdrawal_requested",
)
ASKED = {"supplement_requested": "request-supplement", "payment_requested": "request-fee"}
WORDS = {
    "sandbox-supplement": "a paper is asked for after the acceptance, and taken once it is brought",
    "sandbox-fee": "the fee is asked for after the acceptance",
    "sandbox-reject": "it is not taken in",
    "sandbox-refuse": "it is refused on its merits",
    "sandbox-wait": "nobody touches it",
}
"""What a word in the applicant's name or e-mail address makes of a dossier."""


class Act(NamedTuple):
    """The next thing to do with a dossier: the last word of its route, and the body."""

    name: str
    body: Mapping[str, Any]


def next_act(seen: Mapping[str, Any], word: str, done: Container[str], at: datetime) -> Act | None:
    """What the script does now with a dossier as the queue shows it; None while it waits. Pure.

    `done`: acts of before that may be done once.
    Guarantee: each word leads to its end, and no act is done before its minute has passed. Test: test_the_script_of_each_word.
    """
    status, since = seen["status"], seen["supplied_at"] or seen["accepted_at"] or seen["submitted_at"]
    if word == "sandbox-wait" or at < datetime.fromisoformat(since) + AFTER:
        return None
    if status == "withdrawal_requested":
        return Act("withdraw", {})
    if status == "submitted":
        return Act("reject", {"reason": "not_eligible"}) if word == "sandbox-reject" else Act("accept", {})
    if status == "supplement_requested":
        return Act("accept-supplement", {}) if seen["supplied_at"] else None
    if status == "payment_requested":
        return None
    if word == "sandbox-supplement" and "request-supplement" not in done:
        return Act("request-supplement", {"papers": [{"paper": 1, "fault": "unreadable"}]})
    if word == "sandbox-fee" and "request-fee" not in done:
        return Act("request-fee", {})
    if word == "sandbox-refuse":
        reason = next(iter(REFUSALS.of(seen["procedure"])))
        return Act("resolve", {"outcome": "refused", "refusal_reason": reason, "document": "1/SXD-QLXD"})
    return Act("resolve", {"outcome": "granted"})


class Officers:
    """One officer for each office, who serves at its desk and in its first unit."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._client = httpx.Client(timeout=10, trust_env=False)
        self._offices = load(os.environ.get("MOTCUA_OFFICES_FILE", "")).offices
        self._words: dict[str, str] = {}
        self._done: set[tuple[str, str]] = set()
        self._refused: set[tuple[str, int, str]] = set()

    def look(self) -> None:
        """One look at every open dossier."""
        today = now(self._home).date()
        for office in self._offices:
            units = [unit.code for unit in office.units if unit.holds_on(today)]
            if units:
                token = Issuer(self._home.path).token(
                    "officer", subject=NAME, office=office.code, unit=units[0]
                )
                headers = {"authorization": f"Bearer {token}"}
                for seen in self._open(headers):
                    self._see(seen, units[0], headers)

    def _open(self, headers: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        cursor = ""
        while cursor is not None:
            asked = {"status": list(OPEN), "limit": 200, "cursor": cursor}
            page = self._get("processing", "/v1/dossiers", headers, asked)
            yield from page["items"]
            cursor = page["next"]

    def _see(self, seen: dict[str, Any], unit: str, headers: Mapping[str, str]) -> None:
        dossier = seen["dossier_id"]
        if seen["officer"] not in (None, NAME):
            return
        word = self._words.get(dossier)
        if word is None:
            person = self._get("intake", f"/v1/people/{dossier}", headers, {"purpose": "processing"})
            told = f"{person['name']} {person['email']}"
            # A log of another system names nobody, and says by itself what was done.
            said = "sandbox-wait" if person["name"] is None else ""
            word = self._words[dossier] = next((each for each in WORDS if each in told), said)
        if (asked := ASKED.get(seen["status"])) is not None:
            self._done.add((dossier, asked))
        done = {act for name, act in self._done if name == dossier}
        act = next_act(seen, word, done, now(self._home))
        if act is not None:
            self._carry_out(seen, act, unit, headers)

    def _carry_out(self, seen: dict[str, Any], act: Act, unit: str, headers: Mapping[str, str]) -> None:
        code = self._post(seen, act, headers)
        if code in (
            "supplement-already-requested",
            "fee-already-paid",
        ):  # by one of before who has ended since
            self._done.add((seen["dossier_id"], act.name))
        if code == "project-class-missing":
            code = self._post(seen, Act(act.name, {**act.body, "project_class": "B"}), headers)
        if code == "not-signed":
            code = self._post(
                seen, Act("forward", {"unit": seen["unit"] or unit, "step": "ky_duyet"}), headers
            )
        if code and (mark := (seen["dossier_id"], seen["version"], code)) not in self._refused:
            self._refused.add(mark)
            sys.stderr.write(f"{seen['dossier_id']} {act.name}: {code}\n")

    def _post(self, seen: dict[str, Any], act: Act, headers: Mapping[str, str]) -> str:
        """Why it was refused; empty when it was done, or when somebody else was quicker."""
        version = {"if-match": f'"{seen["version"]}"', "idempotency-key": str(uuid.uuid4())}
        url = f"{self._home.url('processing')}/v1/dossiers/{seen['dossier_id']}/{act.name}"
        answer = self._client.post(url, json=act.body, headers={**headers, **version})
        return "" if answer.is_success or answer.status_code == 412 else str(answer.json()["code"])

    def _get(self, service: str, path: str, headers: Mapping[str, str], asked: Mapping[str, Any]) -> Any:
        url = f"{self._home.url(service)}{path}"
        return self._client.get(url, headers=dict(headers), params=dict(asked)).raise_for_status().json()


def main(home: str, base: str) -> None:
    officers = Officers(Home(Path(home), int(base)))
    while True:
        try:
            officers.look()
        except (
            httpx.HTTPError
        ) as error:  # a service that starts or ends; what could not be done is done later
            sys.stderr.write(f"{type(error).__name__}\n")
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
