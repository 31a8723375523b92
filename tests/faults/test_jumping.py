"""A clock that jumps is the whole process's: a day ahead while the file is there, and right again after it."""

import subprocess
import sys
from pathlib import Path

from tests.faults.mutations import ROOT

PROBE = """
import sys
from pathlib import Path
from tests.faults.jumping import jump

file = Path(sys.argv[1])
jump(str(file))
import time
from datetime import UTC, date, datetime
import orjson

def told():
    at = datetime.now(UTC)
    assert orjson.dumps(at) and isinstance(at, datetime) and abs(time.time() - at.timestamp()) < 60
    assert orjson.dumps(datetime.combine(at.date(), at.time())) and isinstance(datetime.min, datetime)
    return at.timestamp(), time.monotonic()

before = told()
file.touch()
ahead = told()
file.unlink()
after = told()
print([round((wall - before[0]) / 3600) for wall, _ in (ahead, after)], ahead[1] - before[1] < 60)
"""


def test_a_clock_is_a_day_ahead_while_the_file_is_there_and_right_again_after_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROBE, str(tmp_path / "ahead")]
    told = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert told.stdout == "[24, 0] True\n"
