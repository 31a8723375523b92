"""The load of a run in a thread of its own with its own loop: driver, sampler and their doors, steered from the main thread."""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

from tests.faults.client import Door
from tests.faults.driver import Doors, Driver
from tests.faults.record import Record
from tests.faults.sampler import Sampler
from tests.faults.world import House


class Load:
    """Starts when it is made; `finish` waits until every life that was begun has ended."""

    def __init__(
        self,
        house: House,
        record: Record,
        size: int,
        seconds: float,
        *,
        patience_seconds: float,
        unseen_seconds: float,
    ) -> None:
        self.began = time.monotonic()
        self.doors = {name: Door(name, member.port) for name, member in house.members.items()}
        self._house = house
        self._record = record
        self._size, self._seconds = size, seconds
        self._patience_seconds, self._unseen_seconds = patience_seconds, unseen_seconds
        self._fault: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._driver: Driver | None = None
        self._started = threading.Event()
        self._filed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()
        self._started.wait()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._work())
        except BaseException as fault:
            self._fault = fault
        finally:
            self._started.set()
            self._filed.set()

    async def _work(self) -> None:
        doors = Doors([self.doors["intake"]], [self.doors["processing"]])
        draw = random.Random(self._record.seed)
        self._driver = Driver(
            self._record, doors, self._house.issuer.token, self._house.payment_secret, draw, self.began
        )
        self._driver.patience_seconds = self._patience_seconds
        self._driver.unseen_seconds = self._unseen_seconds
        sampler = asyncio.create_task(Sampler(self._record, self.doors["reporting"], self.began).run())
        self._started.set()
        await self._driver.run(self._size, self._seconds)
        self._filed.set()
        await self._driver.finish()
        sampler.cancel()

    def _call(self, work: Callable[[Driver], None]) -> None:
        def call() -> None:
            assert self._driver is not None
            work(self._driver)

        self._loop.call_soon_threadsafe(call)

    def ask_again(self, count: int, port: int | None) -> None:
        door = Door(f"port {port}", port) if port is not None else None
        self._call(lambda driver: driver.ask_again(count, door))

    def add_door(self, service: str, port: int) -> None:
        self._call(lambda driver: driver.doors.of(service).append(Door(f"{service}-2", port)))

    def end_door(self, service: str, port: int) -> None:
        def work(driver: Driver) -> None:
            doors = driver.doors.of(service)
            doors[:] = [door for door in doors if door.port != port]

        self._call(work)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def all_filed(self) -> bool:
        return self._filed.is_set()

    def finish(self, tend: Callable[[], None]) -> None:
        """Waits for the last life; `tend` is called meanwhile."""
        self._call(lambda driver: setattr(driver, "stopping", True))
        while self._thread.is_alive():
            tend()
            self._thread.join(0.2)
        if self._fault is not None:
            raise self._fault


def ask(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs one piece of reading to its end in a loop of its own."""
    return asyncio.run(work)
