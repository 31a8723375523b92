"""`motcua verify-report`: proves published reports from the topics alone, in a process that asks no database."""

import argparse
import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
from aiokafka.errors import KafkaError

from deploy.command.reach import elsewhere, kafka, url
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from deploy.local.process import Failed
from services.chassis.lifecycle import release
from services.reporting.report.verify import Unverifiable, prove, replayed

ANSWER_SECONDS_MAX = 10.0


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", say: Callable[[str], None]
) -> None:
    parser = commands.add_parser(
        "verify-report", help="prove a published report from the topics alone, byte for byte"
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("number", type=int, nargs="?", help="of the report, as it was published")
    which.add_argument("--all", action="store_true", help="every report that was published")
    parser.add_argument(
        "--token",
        default="",
        help="a supervisor's, to prove the small numbers too; by default one of this run",
    )
    parser.set_defaults(run=lambda home, options: run(home, options, say))


def run(home: Home, options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """0 when every report is proven, 1 when one differs or cannot be proven."""
    published = _published(
        url(home, "reporting"), None if options.all else options.number, options.token or _token(home)
    )
    if not published:
        say("nothing was published yet")
        return 0
    newest = max(datetime.fromisoformat(report["as_of"]) for report in published)
    try:
        return prove(published, *asyncio.run(replayed(kafka(home, "reporting"), newest, say)), release(), say)
    except Unverifiable as reason:
        raise Failed(f"not to be verified: {reason}") from None
    except KafkaError as error:
        raise Failed(f"the broker cannot be asked: {type(error).__name__}") from None


def _token(home: Home) -> str:
    """A supervisor's of this run, who sees all numbers; elsewhere none, and then what the public sees is proven."""
    return "" if elsewhere() else Issuer(home.path).token("supervisor")


def _published(reporting: str, number: int | None, token: str) -> list[dict[str, Any]]:
    """The reports as reporting tells them."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        with httpx.Client(base_url=reporting, timeout=ANSWER_SECONDS_MAX, headers=headers) as client:

            def get(path: str, **asked: Any) -> Any:
                while (answer := client.get(path, params=asked)).status_code == 429:
                    time.sleep(float(answer.headers["Retry-After"]))  # many reports are asked for one by one
                if answer.status_code == 404:
                    raise Failed(f"no report {number} was published")
                return answer.raise_for_status().json()

            numbers = [number] if number is not None else []
            cursor: str | None = "" if number is None else None
            while cursor is not None:
                listed = get("/v1/vintages", limit=500, cursor=cursor)
                numbers += [each["number"] for each in listed["items"]]
                cursor = listed["next"]
            return [get(f"/v1/vintages/{each}") for each in sorted(numbers)]
    except httpx.HTTPError as error:
        raise Failed(f"reporting does not answer: {type(error).__name__}") from None
