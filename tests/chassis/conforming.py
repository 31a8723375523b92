"""Schemathesis in a process that a server of processes makes, which has read its code once: reading it takes longer than most runs."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence

CODE = (
    *("pytest", "hypothesis", "schemathesis.cli", "schemathesis.cli.commands.run.executor"),
    *(
        "schemathesis.cli.commands.run.handlers",
        "schemathesis.engine",
        "schemathesis.openapi",
        "schemathesis.checks",
    ),
)
FORKS = multiprocessing.get_context("forkserver")


def begin(folder: str, said: str, options: Sequence[str]) -> multiprocessing.process.BaseProcess:
    """`st run` with these options in a folder, what it says in a file; the exit code is its own."""
    FORKS.set_forkserver_preload([*CODE])
    process = FORKS.Process(target=_run, args=(folder, said, list(options)))
    process.start()
    return process


def _run(folder: str, said: str, options: list[str]) -> None:
    os.chdir(folder)
    os.environ["NO_COLOR"] = "1"
    with open(said, "wb") as file:
        for output in (1, 2):
            os.dup2(file.fileno(), output)
    from schemathesis.cli import schemathesis

    schemathesis(["run", *options])
