"""Other secrets for a home that runs: which change, how they are written down first, and when the change is over.

`secrets.next.json` beside `secrets.json` is the whole change, written before anything of it is done and removed when all of it is in
force. Whoever finds it carries it out from the beginning, and every step may be done again: so a change that was cut short anywhere
is finished by the supervisor that runs, or by the next start.

Guarantee: a change that was cut short becomes a whole one. Test: test_a_change_of_secrets_that_was_killed_is_finished_by_the_next_start.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deploy.local.home import Home
from deploy.local.issuer import Issuer, new_key
from deploy.local.keys import PENDING, Secrets, key_id, secrets_of, write_private
from deploy.local.process import Failed, Identity

RINGS = {"codes": "code_key", "requests": "hmac_key", "payments": "payment_secret"}
"""Rings of keys, by what people call them: the first key is written with, all are read with."""
KEPT_FOR_EVER = "codes"
WAIT_SECONDS = 600.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Change:
    """The secrets that are to be in force, and the key that is to sign tokens (None: the one that does)."""

    secrets: Secrets
    signing_key: Mapping[str, Any] | None


def with_new_keys(now: Secrets) -> Secrets:
    """A new key before those of each ring, which are read as before."""
    rings: dict[str, Any] = {}
    for field in RINGS.values():
        ring = getattr(now, field)
        rings[field] = f"{secrets.token_hex(len(ring.partition(',')[0]) // 2)},{ring}"
    return replace(now, **rings)


def everything_anew(now: Secrets) -> Change:
    """Every password and every key another one; the rings keep what they had behind the new."""

    def fresh(words: Mapping[str, str]) -> dict[str, str]:
        return {name: secrets.token_hex(len(word) // 2) for name, word in words.items()}

    passwords = replace(with_new_keys(now), postgres=fresh(now.postgres), kafka=fresh(now.kafka))
    return Change(replace(passwords, grafana_password=secrets.token_hex(16)), new_key())


def without(now: Secrets, dropped: str) -> Change | None:
    """The same without that key, None when it is in no ring; Failed for a key that must stay."""
    for name, field in RINGS.items():
        first, *others = getattr(now, field).split(",")
        if dropped == key_id(first):
            raise Failed(
                f"{dropped} is what {name} are written with; `motcua secrets rotate` puts another before it"
            )
        if dropped in map(key_id, others):
            if name == KEPT_FOR_EVER:
                raise Failed(f"{dropped} stays: official codes sealed under it are in the topic for ever")
            left = ",".join([first, *(key for key in others if key_id(key) != dropped)])
            kept: dict[str, Any] = {field: left}
            return Change(replace(now, **kept), None)
    return None


def pending(home: Path) -> Change | None:
    """The change that was begun and is not over."""
    path = _next(home)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        # Begun by a release that knew fewer roles: theirs stay.
        kept["secrets"]["postgres"] = {**secrets_of(home).postgres, **kept["secrets"]["postgres"]}
        return Change(Secrets(**kept["secrets"]), kept["signing_key"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        raise Failed(f"{path} is damaged") from None


def begin(home: Path, change: Change) -> None:
    """From here on it happens; FileExistsError when another one is not over."""
    kept = {"secrets": asdict(change.secrets), "signing_key": change.signing_key}
    write_private(_next(home), json.dumps(kept, indent=1), only_new=True)


def finish(home: Path, change: Change) -> None:
    """All of it is in force."""
    write_private(home / "secrets.json", json.dumps(asdict(change.secrets), indent=1))
    _next(home).unlink(missing_ok=True)


def _next(home: Path) -> Path:
    return home / PENDING


def listed(home: Path) -> list[str]:
    """Every key by its id, and what it still does; no key and no password."""
    now = secrets_of(home)
    rings = {name: [key_id(key) for key in getattr(now, field).split(",")] for name, field in RINGS.items()}
    rings["tokens"] = Issuer(home).key_ids
    return [
        f"{name:<9} {each}  {'read' if place else 'written with, and read'}"
        for name, ids in rings.items()
        for place, each in enumerate(ids)
    ]


def rotate(home: Home, say: Say) -> None:
    """Has the supervisor that runs change everything, and returns when it has."""
    _carry_out(home, everything_anew(secrets_of(home.path)), say)


def drop(home: Home, dropped: str, say: Say) -> None:
    """Has an earlier key read no more."""
    change = without(secrets_of(home.path), dropped)
    if change is not None:
        _carry_out(home, change, say)
        return
    try:
        Issuer(home.path).drop(dropped)
    except LookupError:
        raise Failed(f"no earlier key has the id {dropped}; `motcua secrets list` shows them") from None


def _carry_out(home: Home, change: Change, say: Say) -> None:
    supervisor = Identity.read(home.run / "supervisor.pid")
    if supervisor is None:
        raise Failed("nothing runs here; `motcua up`, and then again")
    try:
        begin(home.path, change)
    except FileExistsError:
        raise Failed("a change of secrets is not over yet; it goes on by itself") from None
    deadline = time.monotonic() + WAIT_SECONDS
    while _next(home.path).exists():
        if not supervisor.alive:
            raise Failed("the run ended before all was changed; `motcua up` finishes it")
        if time.monotonic() > deadline:
            raise Failed(
                f"not over after {WAIT_SECONDS:.0f} s; it goes on: {home.path / 'log' / 'motcua.log'}"
            )
        time.sleep(0.1)
    for line in listed(home.path):
        say(line)
