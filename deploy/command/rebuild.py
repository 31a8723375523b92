"""`motcua rebuild reporting`: the book made anew from the topics beside the live one, compared, and put in its place."""

import argparse
import os
from collections.abc import Callable
from typing import Any

from deploy.command.reach import dsn, kafka
from deploy.local.home import Home
from services.reporting.rebuild.run import Where, drop, rebuild, undo

NICE = 10
"""Whoever counts what comes in is served first."""


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    run: Callable[[Callable[..., Any]], Any],
    actor: str,
) -> None:
    parser = commands.add_parser(
        "rebuild",
        help="make reporting's book anew from the topics, beside the live one, and put it in its place",
    )
    parser.add_argument("service", choices=["reporting"])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--accept", action="store_true", help="also where cells differ, which are named")
    what.add_argument("--undo", action="store_true", help="put the book before back in its place")
    what.add_argument("--drop", action="store_true", help="give back the room of what is not in place")
    parser.add_argument("--actor", default=actor, help="who; it is kept")
    parser.set_defaults(run=run(_rebuild))


async def _rebuild(home: Home, options: argparse.Namespace, say: Callable[[str], None]) -> int:
    os.nice(NICE)
    service = options.service
    where = Where(dsn(home, service, owner=True), dsn(home, service), kafka(home, service))
    if options.undo:
        return await undo(where, say)
    if options.drop:
        return await drop(where, say)
    return await rebuild(where, options.actor, options.accept, say)
