"""`motcua conform URL`: tries a portal's side against this machine's sandbox, and says what it does wrong."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from typing import Any

from deploy.conformance.points import OFFICE, ROOMS
from deploy.local.home import Home
from deploy.local.keys import secrets_of
from deploy.local.process import Failed

Say = Callable[[str], None]
SECONDS = 1800.0
PATIENCE_SECONDS = 120.0


def add_arguments(commands: Any, say: Say) -> None:
    """Adds it to the command's parser."""
    tried = commands.add_parser("conform", help="try a portal's side against a sandbox")
    tried.add_argument("url", help="the sandbox's intake, http://127.0.0.1:8001")
    tried.add_argument(
        "--port", type=int, default=0, help="where the portal calls; 10 above the port base by default"
    )
    tried.add_argument("--seconds", type=float, default=SECONDS, help="how long to wait for all of it")
    tried.add_argument(
        "--patience", type=float, default=PATIENCE_SECONDS, help="seconds in which what failed comes again"
    )
    tried.add_argument("--office", action="store_true", help="try what it does in an officer's name, too")
    tried.add_argument(
        "--without", default="", metavar="ROOMS", help=f"what is not tried, of {', '.join(ROOMS)}"
    )
    tried.set_defaults(run=lambda home, options: _try(home, options, say))


def _try(home: Home, options: argparse.Namespace, say: Say) -> int:
    from deploy.conformance.kit import run

    without = {name for name in options.without.split(",") if name}
    if unknown := without - set(ROOMS):
        raise Failed(f"--without knows {', '.join(ROOMS)}, not {', '.join(sorted(unknown))}")
    rooms = [room for room in ROOMS if room not in without and (room != OFFICE or options.office)]
    secret = secrets_of(home.path).payment_secret
    known = [key.strip().encode() for key in secret.split(",")]
    port = options.port or home.base + 10
    right = asyncio.run(run(options.url, home, port, options.seconds, options.patience, known, rooms, say))
    say("all is right" if right else "not all is right, or not all was seen")
    return 0 if right else 1
