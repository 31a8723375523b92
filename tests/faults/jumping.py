"""A process whose clock jumps: `python -m tests.faults.jumping FILE MODULE [ARGUMENT ...]` runs MODULE, a day ahead while FILE is there.

It is the wall clock as Python tells it, time.time and datetime.now. The monotonic clock does not jump, on no machine, and the
database has a clock of its own. A service never imports this.
"""

import datetime
import os
import runpy
import sys
import time
from typing import Any

import asyncpg  # noqa: F401 - before the clock is another: its compiled parts know the first datetime by its address

DAY_SECONDS = 86_400.0
_true_time = time.time
_Datetime = datetime.datetime


class _Kind(type):
    """Whatever is a datetime is one of these, too: none of these exists."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _Datetime)


def jump(file: str) -> None:
    """From now on the clock of this process is a day ahead while the file is there. What imported the clock before keeps the true one."""

    def ahead() -> float:
        return _true_time() + (DAY_SECONDS if os.path.exists(file) else 0.0)

    class Jumping(_Datetime, metaclass=_Kind):
        __slots__ = ()

        # An encoder of JSON knows datetime alone and none of its subclasses.
        def __new__(cls, *parts: Any, **named: Any) -> Any:
            return _Datetime(*parts, **named)

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return _Datetime.fromtimestamp(ahead(), tz)

    time.time = ahead
    setattr(datetime, "datetime", Jumping)  # noqa: B010 - mypy refuses the assignment of a type


if __name__ == "__main__":
    _, file, module, *arguments = sys.argv
    jump(file)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
