"""`motcua import FILE --mapping FILE`: takes a log of another system in through the bulk doors.

Promises that the whole file is checked before the first case is taken, that what was taken stands in the reports when the
command ends with 0 or 1, and that it may be started again at any time. Never writes past the front doors.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from contracts.catalogue.offices import Offices, load
from deploy.importing.counts import (
    CountsDiffer,
    CountsSilent,
    Expected,
    Reports,
    compare,
    rows_table,
    total_table,
)
from deploy.importing.doors import DoorFault, Progress, take_in
from deploy.importing.drafts import Drafts
from deploy.importing.faults import Faults
from deploy.importing.files import BadLog
from deploy.importing.house import House, find_house
from deploy.importing.log import LogReader
from deploy.importing.mapping import SHIPPED, BadMapping, Mapping, read_mapping
from deploy.local.home import Home
from deploy.local.process import Failed
from services.processing.desk.bulk_bodies import Correction

ALL_TAKEN: Final = 0
SOME_LEFT_OUT: Final = 1
NOTHING_TAKEN: Final = 2
NOT_FINISHED: Final = 3

EXIT_CODES = {
    ALL_TAKEN: "every row was read, every case was taken and counted",
    SOME_LEFT_OUT: "the sound cases were taken and counted; bad rows and cases that a door refused were listed and left out",
    NOTHING_TAKEN: "nothing was taken: the mapping or the file cannot be used",
    NOT_FINISHED: "a service did not answer, or counts otherwise: start the same import again",
}

Say = Callable[[str], None]
SAY_EVERY_CASES = 500
SAY_EVERY_BYTES = 10_000_000


def run(log: Path, mapping: Path, home: Home, correction: dict[str, str] | None = None) -> int:
    """The command: takes `log` into the platform that runs in `home`, and says what happens as it does; one of EXIT_CODES.

    `correction` is the reason and the document under which cases that the log tells otherwise than before are corrected.
    """

    def say(line: str) -> None:
        print(line, flush=True)  # noqa: T201 - the terminal is what it writes to

    house = find_house(home)
    if house is None:
        say(f"The services in {home.path} (ports from {home.base}) are not ready. Start them with: motcua up")
        return NOT_FINISHED
    house = replace(house, doors=replace(house.doors, correction=correction))
    return asyncio.run(import_log(log, mapping, house, home.path / "imports", say))


async def import_log(log: Path, mapping_path: Path, house: House, kept: Path, say: Say) -> int:
    """Checks `log`, takes it in, and shows what the reports say about it; one of EXIT_CODES.

    What was left out stands whole in a file of the folder `kept`, named by the source.
    """
    try:
        mapping = read_mapping(_shipped_or(mapping_path))
        offices = _offices()
        with (
            tempfile.TemporaryDirectory(prefix="motcua-import-") as directory,
            Drafts(Path(directory)) as drafts,
            Faults(kept / f"{mapping.source.name}.left-out.csv", say) as faults,
        ):
            reader = LogReader(log, mapping, drafts, house.reports.clock(), offices)
            expected = _checked(reader, drafts, faults, say)
            await _taken(reader, mapping, house, expected, faults, say)
            if faults.of_each:
                say(f"All that was left out: {faults.path}")
            return SOME_LEFT_OUT if faults.of_each else ALL_TAKEN
    except (BadMapping, BadLog) as fault:
        say(str(fault))
        return NOTHING_TAKEN
    except (DoorFault, CountsDiffer, CountsSilent) as fault:
        say(f"Not finished: {fault}")
        say("What was taken stays taken; the same command goes on from there.")
        return NOT_FINISHED


def _checked(reader: LogReader, drafts: Drafts, faults: Faults, say: Say) -> Expected:
    """What the sound cases must come to."""
    say(f"Checking {reader.path} …")
    said = [0]

    def watch(read: int, size: int) -> None:
        if read - said[0] >= SAY_EVERY_BYTES:
            said[0] = read
            say(f"  {read:>14,} of {size:,} bytes read")

    for bad_row in reader.check(watch):
        faults.add(bad_row.line, bad_row.case, bad_row.fault.reason, str(bad_row))
    expected, by_reason = Expected.of(reader.cases()), drafts.bad_by_reason()
    taken, left_out = expected.flows["submitted"], sum(by_reason.values())
    say(f"{reader.rows:,} rows, {taken + left_out:,} cases.")
    if faults.of_each:
        bad_rows = faults.of_each.total()
        say(f"{bad_rows:,} bad rows: {left_out:,} cases with one are left out, {taken:,} are taken.")
        for reason, cases in by_reason.items():
            say(f"  {cases:>8,} cases: {reason}")
        if nameless := faults.of_each["no case"]:
            say(f"  {nameless:>8,} rows: no case")
    if not taken:
        raise BadLog("No case of it can be taken.")
    return expected


async def _taken(
    reader: LogReader, mapping: Mapping, house: House, expected: Expected, faults: Faults, say: Say
) -> None:
    """Takes the sound cases in and shows the counts."""
    before = await house.reports.settled(expected.first, expected.last)
    total, steps = expected.flows["submitted"], [0]

    def shown(progress: Progress) -> None:
        if progress.processed == total or progress.processed >= steps[0] + SAY_EVERY_CASES:
            steps[0] = progress.processed
            say(f"  {progress.submitted:>8,} submitted {progress.processed:>8,} processed, of {total:,}")

    progress = await take_in(house.doors, mapping.source.name, reader.cases(), shown)
    for refusal in progress.refusals:
        told = f"refused: case {refusal.case}: {refusal.door}: {refusal.code} {refusal.detail}".rstrip()
        faults.add(None, refusal.case, refusal.code, told)
    if progress.repeated:
        say(f"{progress.repeated:,} cases had been taken before; nothing was taken twice.")
    if progress.corrected:
        say(
            f"{len(progress.corrected):,} cases were corrected: what was told before is reversed, "
            "with the reason and the document."
        )
    if progress.refusals:
        say(f"{len(progress.refusals):,} cases were refused; the rest is taken.")
        expected = expected.without(reader.cases(), {each.case: each.door for each in progress.refusals})
    await _show(house.reports, before, expected, say)


async def _show(reports: Reports, before: dict[str, int], expected: Expected, say: Say) -> None:
    after = await reports.settled(expected.first, expected.last)
    for title, by in (("month", "month"), ("channel", "channel"), ("procedure", "procedure")):
        for line in rows_table(title, await reports.rows(expected.first, expected.last, by)):
            say(line)
        say("")
    say(f"From {expected.first} to {expected.last}, as reporting counts it:")
    for line in total_table(after):
        say(line)
    remark = compare(expected, before, after)
    if remark:
        say(f"Note: {remark}.")


def _offices() -> Offices:
    """As the services know them, which `motcua up` tells the same file."""
    try:
        return load(os.environ.get("MOTCUA_OFFICES_FILE", ""))
    except ValueError as fault:
        raise BadMapping(f"MOTCUA_OFFICES_FILE: {fault}") from None


def _shipped_or(path: Path) -> Path:
    """The mapping at a path, or one that ships here when only its name is given."""
    shipped = SHIPPED / f"{path.name.removesuffix('.toml')}.toml"
    return shipped if not path.exists() and path.parent == Path(".") and shipped.exists() else path


def correction_of(options: argparse.Namespace) -> dict[str, str] | None:
    """The reason and the document of `--correct`; Failed for what is none."""
    if options.correct is None:
        return None
    try:
        return Correction(reason=options.reason, document=options.correct).model_dump()
    except ValidationError as error:
        fault = error.errors()[0]
        raise Failed(f"--correct: {fault['loc'][0]}: {fault['msg']}") from None
