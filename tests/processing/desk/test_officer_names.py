"""What officers are called leaves the register by its own topic: the newest name, numbered, and a tombstone for what is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncpg
import orjson
from uuid_utils.compat import uuid7

from services.chassis.kafka import names
from services.chassis.kafka.feeds import events_feed
from services.chassis.kafka.relay import Relay
from services.chassis.kafka.republish import republish
from services.chassis.log.databases import open_pool
from services.chassis.process.settings import KafkaSettings
from services.processing.desk.officers import NAMES_FEED
from services.processing.outgoing import outgoing
from tests.chassis.wire import running, until
from tests.databases import Database
from tests.processing.conftest import CODE_KEY, OPERATOR, OTHER_UNIT, SUPERVISOR, UNIT, House, Member
from tests.processing.desk.test_officers import tell

Told = list[tuple[int, str, Any]]


async def told_after(house: House, change: int = 0) -> Told:
    """Change, officer and name of each record that is to be published."""
    found = await NAMES_FEED.read(house.pool, change, 100)
    return [
        (number, message.key.decode(), message.value and orjson.loads(message.value)["name"])
        for number, message in found
    ]


def row(name: str | None, unit: str = UNIT, since: str = "2022-01-01") -> dict[str, Any]:
    return {"subject": "kim", "name": name, "unit": unit, "since": since}


async def forget(house: House, subject: str, by: Member = OPERATOR) -> Any:
    return await house.client.delete(f"/v1/officers/{subject}/name", headers=house.headers(by))


async def test_each_change_of_a_name_is_told_once(fresh_house: House) -> None:
    """By whomever it comes, with a greater number each time; the same again is no change, and nobody without a name is told of."""
    house = fresh_house
    assert await told_after(house) == []
    await tell(house, row("Kim Một"), {"subject": "lan", "unit": UNIT, "since": "2022-01-01"})
    ((first, *said),) = await told_after(house)
    assert said == ["kim", "Kim Một"]
    await tell(house, row("Kim Một"), row(None, OTHER_UNIT))
    assert await told_after(house, first) == []
    await tell(house, row("Kim Hai", OTHER_UNIT))
    ((second, *said),) = await told_after(house, first)
    assert said == ["kim", "Kim Hai"] and await told_after(house) == [(second, "kim", "Kim Hai")]
    assert (await house.desk.officers.names(["kim"])) == {"kim": "Kim Hai"}
    assert (await forget(house, "kim")).json() == {"forgotten": 2}
    ((third, *said),) = await told_after(house, second)
    assert said == ["kim", None]
    assert (await forget(house, "kim")).json() == {"forgotten": 0} and await told_after(house, third) == []
    assert (await forget(house, "kim", SUPERVISOR)).status_code == 403
    await tell(house, row(None))
    assert await told_after(house, third) == []


async def test_a_restored_register_goes_on_above_what_it_has_lost(fresh_house: House) -> None:
    """Whoever heard the lost names hears the next ones all the same."""
    for name in ("Kim Một", "Kim Ba", "Kim Bốn"):
        await tell(fresh_house, row(name))
    ((lost, *_),) = await told_after(fresh_house)
    owner = await fresh_house.owner()
    await owner.execute("UPDATE officer_names SET change = 1, name = 'Kim Cũ'")
    await owner.close()
    await tell(fresh_house, row("Kim Hai"))
    ((after, *said),) = await told_after(fresh_house)
    assert after > lost and said == ["kim", "Kim Hai"]


async def test_names_reach_who_shows_them_and_are_published_again(
    fresh_house: House, database: Callable[..., Database], kafka_as: Callable[[str], KafkaSettings]
) -> None:
    house = fresh_house
    feeds = [events_feed(outgoing(CODE_KEY), main="dossiers"), NAMES_FEED]
    # A name of its own: other tests publish other logs to this broker.
    relay = Relay(f"processing-{uuid7()}", house.pool, kafka_as("processing"), feeds, uuid7())
    subject = f"kim-{uuid7()}"

    async with open_pool(database("intake").dsn) as pool:

        async def known() -> str | None:
            name: str | None = await pool.fetchval(
                "SELECT name FROM officer_names WHERE officer = $1", subject
            )
            return name

        async def is_known(name: str | None) -> bool:
            return await known() == name

        reader = names.reader("intake", pool, kafka_as("intake"))
        async with running(relay.run, reader.run):
            for name in ("Kim Một", "Kim Hai"):
                await tell(house, row(name) | {"subject": subject})
                await until(lambda name=name: is_known(name))  # type: ignore[misc]
            await _erase(pool, subject)
            async with open_pool(house.database.owner_dsn, size=1) as owner:
                await republish(owner)
            await until(lambda: is_known("Kim Hai"))
            await forget(house, subject)
            await until(lambda: is_known(None))
        assert await pool.fetchval("SELECT count(*) FROM held") == 0


async def _erase(pool: asyncpg.Pool[Any], subject: str) -> None:
    await pool.execute("UPDATE officer_names SET change = 0, name = NULL WHERE officer = $1", subject)
