"""Attacks that want what is not theirs: to act, to read, to write in another's name, to come in by another door.

Each asks everything that it can think of and names what it was let do. None is to be let in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import product
from typing import NamedTuple

import orjson

from tests.abuse.aim import REFUSED, Aim, Outcome, all_of, asked, request, together
from tests.abuse.clients import OFFICE
from tests.abuse.intrusions import (
    databases_of_others,
    headers_twice,
    letters_to_strangers,
    rights_from_the_controllers,
    smuggled_requests,
)

NO_TOKENS = (
    "by-another-key",
    "of-another-audience",
    "expired",
    "for-a-year",
    "not-before-as-text",
    "without-expiry",
    "of-another-issuer",
    "of-an-unknown-role",
    "withdrawn",
)


async def tokens_of_nobody(aim: Aim) -> Outcome:
    """Forged, expired, withdrawn, of another issuer, alive for too long: none is anybody."""
    own = aim.dossiers["own"]
    doors = {
        "intake": f"/v1/people/{own}?purpose=processing",
        "processing": f"/v1/dossiers/{own}",
        "notify": f"/v1/notices?dossier_id={own}",
    }
    return together(
        *[
            await all_of(
                aim.at(service),
                *((f"a token {name}", request("GET", path, token=aim.tokens[name])) for name in NO_TOKENS),
                allowed=(401,),
            )
            for service, path in doors.items()
        ]
    )


async def imports_of_what_others_filed(aim: Aim) -> Outcome:
    """An importer accepts, resolves and rejects what a portal filed: without source, without case, with made-up ones."""
    own, outcome = aim.dossiers["own"], Outcome()
    names: tuple[dict[str, str], ...] = (
        {},
        {"source": "x"},
        {"case": "1"},
        {"source": "x", "case": "1"},
    )
    acts = (
        [{"act": "accept", "at": "2026-01-02T08:00:00+07:00", "unit": f"{OFFICE}/QLXD"}],
        [{"act": "resolve", "at": "2026-01-02T08:00:00+07:00", "outcome": "granted"}],
        [{"act": "reject", "at": "2026-01-02T08:00:00+07:00", "reason": "incomplete"}],
    )
    for named, done in product(names, acts):
        body = orjson.dumps({"items": [{"dossier_id": own, "acts": done, **named}]})
        data = request("POST", "/v1/bulk", body=body, token=aim.tokens["importer"])
        status, answer = await asked(aim.at("processing"), data)
        outcome.statuses[status] += 1
        said = orjson.loads(answer).get("answers", [{}])[0] if status == 200 else {}
        if status not in REFUSED and said.get("outcome") != "refused":
            outcome.faults.append(f"an import of {named} did {done[0]['act']}: {answer[:160]!r}")
    return outcome


async def dossiers_of_others(aim: Aim) -> Outcome:
    """Whoever neither filed a dossier nor serves in its office reads it and acts on it at every service, knowing its id."""
    own = aim.dossiers["own"]
    doors: tuple[tuple[str, str, str, dict[str, object]], ...] = (
        ("intake", "GET", f"/v1/dossiers/{own}", {}),
        ("intake", "GET", f"/v1/people/{own}?purpose=audit", {}),
        ("intake", "POST", f"/v1/dossiers/{own}/withdrawal", {"reason": "other"}),
        ("intake", "POST", f"/v1/dossiers/{own}/supplements", {"content": {"a": 1}}),
        ("processing", "GET", f"/v1/dossiers/{own}", {}),
        ("processing", "GET", f"/v1/dossiers/{own}/due-date", {}),
        ("processing", "GET", f"/v1/dossiers/{own}/control-slip", {}),
        ("processing", "POST", f"/v1/dossiers/{own}/take", {}),
        ("processing", "POST", f"/v1/dossiers/{own}/resolve", {"outcome": "granted"}),
        ("notify", "GET", f"/v1/notices?dossier_id={own}", {}),
    )
    others = (
        "other-portal",
        "portal-of-the-office",
        "other-officer",
        "other-supervisor",
        "importer",
        "keeper",
    )
    more = 'idempotency-key: trespass\r\nif-match: "1"'
    outcome = Outcome()
    for (service, method, path, told), who in product(doors, others):
        body = orjson.dumps(told) if method == "POST" else b""
        data = request(method, path, body=body, token=aim.tokens[who], more=more)
        outcome = together(
            outcome, await all_of(aim.at(service), (f"{who} at {path}", data), allowed=(403, 404))
        )
    seen = request("GET", f"/v1/dossiers/{own}", token=aim.tokens["officer"])
    if (await asked(aim.at("processing"), seen))[0] != 200:
        outcome.faults.append("not even the officer of its office reads it: this proves nothing")
    return outcome


async def days_off_for_all(aim: Aim) -> Outcome:
    """Who does not keep the calendar declares a day; who keeps it confirms what only he proposed."""
    day = {
        "day": "2031-06-03",
        "kind": "off",
        "document": "Công văn 2222/VPCP-KGVX",
        "announced_at": "2026-01-02T08:00:00+07:00",
    }
    answer = {name: day[name] for name in ("day", "announced_at")} | {"act": "declare"}
    at, outcome = aim.at("processing"), Outcome()
    for who, (path, told) in product(
        ("supervisor", "other-supervisor", "officer", "importer", "portal"),
        (("declarations", day), ("confirmations", answer), ("withdrawals", answer)),
    ):
        data = request(
            "POST",
            f"/v1/calendar/{path}",
            body=orjson.dumps(told),
            token=aim.tokens[who],
            more="idempotency-key: day",
        )
        outcome = together(outcome, await all_of(at, (f"{who} at {path}", data), allowed=(403,)))
    for path, told, allowed in (("declarations", day, (200,)), ("confirmations", answer, (403,))):
        data = request(
            "POST",
            f"/v1/calendar/{path}",
            body=orjson.dumps(told),
            token=aim.tokens["keeper"],
            more=f"idempotency-key: {path}",
        )
        outcome = together(outcome, await all_of(at, (f"its keeper at {path}", data), allowed=allowed))
    return outcome


class Trespass(NamedTuple):
    """An attack that wants to be let in, and beside which service's client it is made."""

    run: Callable[[Aim], Awaitable[Outcome]]
    beside: str

    @property
    def name(self) -> str:
        return str(getattr(self.run, "__name__", "")).replace("_", " ")


TRESPASSES = (
    Trespass(tokens_of_nobody, "notify"),
    Trespass(imports_of_what_others_filed, "processing"),
    Trespass(dossiers_of_others, "notify"),
    Trespass(days_off_for_all, "processing"),
    Trespass(rights_from_the_controllers, "intake"),
    Trespass(headers_twice, "reporting"),
    Trespass(smuggled_requests, "processing"),
    Trespass(letters_to_strangers, "intake"),
    Trespass(databases_of_others, "intake"),
)
