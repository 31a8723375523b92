"""`motcua sandbox`: what whoever tries a portal on a sandbox needs beside its doors."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from deploy.local.home import Home
from deploy.local.issuer import HOURS_MOST, Issuer
from deploy.local.sandbox.moving import forward, length_of, now, seconds_ahead

Say = Callable[[str], None]
PORTALS = ("cong-thu-nghiem-1", "cong-thu-nghiem-2")
"""Portals that do not exist: neither sees what the other filed."""


def add_arguments(commands: Any, say: Say) -> None:
    """Adds them to the command's parser."""
    acts = commands.add_parser("sandbox", help="a sandbox's tokens and clock").add_subparsers(
        required=True, metavar="WHAT"
    )
    tokens = acts.add_parser("tokens", help="tokens of two portals that do not exist, good for 30 days")
    tokens.set_defaults(run=lambda home, _: _tell_tokens(home, say))
    clock = acts.add_parser("clock", help="what its clock says")
    clock.set_defaults(run=lambda home, _: _tell_clock(home, say))
    moved = acts.add_parser("forward", help="move its clock forward; it never goes back")
    moved.add_argument("by", metavar="LENGTH", help="90s, 5m, 8h, 3d or 2w")
    moved.set_defaults(run=lambda home, options: _move(home, options, say))


def _tell_tokens(home: Home, say: Say) -> int:
    seconds_ahead(home)
    issuer = Issuer(home.path)
    for portal in PORTALS:
        say(f"{portal} {issuer.token('portal', subject=portal, hours=HOURS_MOST)}")
    return 0


def _tell_clock(home: Home, say: Say) -> int:
    say(f"{now(home):%Y-%m-%dT%H:%M:%S%z}, {seconds_ahead(home):.0f} s ahead of the true time")
    return 0


def _move(home: Home, options: argparse.Namespace, say: Say) -> int:
    forward(home, length_of(options.by))
    return _tell_clock(home, say)
