"""A run that is told to end stops what it started: who is frozen in it would outlive it, for it hears no signal of the kernel's."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import tests.abuse.__main__ as abuse
import tests.faults.__main__ as faults


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(("program", "begins"), [(faults, "run"), (abuse, "Attacked")])
def test_a_run_ends_at_sigterm_as_at_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, program: Any, begins: str
) -> None:
    monkeypatch.setattr(program, begins, lambda *_, **__: signal.raise_signal(signal.SIGTERM))
    monkeypatch.setattr(sys, "argv", ["run"])
    with pytest.raises(KeyboardInterrupt):
        program.main()
