"""Looks at the house while it runs: reporting's counts and metric several times a second. Judges nothing."""

import asyncio
import time
from dataclasses import dataclass

from tests.faults import readings
from tests.faults.client import Door, Lost
from tests.faults.record import COUNT_FIELDS, Record, Sample

PAUSE_SECONDS = 0.25


@dataclass(slots=True)
class Sampler:
    record: Record
    reporting: Door
    began: float

    async def run(self) -> None:
        """Until cancelled; a moment in which reporting does not answer gives no sample."""
        while True:
            try:
                reply = await self.reporting.ask("GET", "/v1/counts", wait_seconds=3)
                if reply.status == 200:
                    counts = {name: int(reply.body[name]) for name in COUNT_FIELDS}
                    violations = await readings.violations(self.reporting)
                    self.record.samples.append(Sample(time.monotonic() - self.began, counts, violations))
            except Lost:
                pass
            await asyncio.sleep(PAUSE_SECONDS)
