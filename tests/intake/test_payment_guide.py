"""docs/payments.md: what it shows is what is done, and what its function signs is taken."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from services.intake.act_routes import sign
from tests.intake.conftest import PAYMENT_SECRET, Front
from tests.intake.test_payments import filed, payment

GUIDE = (Path(__file__).parents[2] / "docs" / "payments.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", GUIDE, re.M | re.S)
    assert found
    return found[1]


def signature() -> Any:
    shown: dict[str, Any] = {}
    exec(block("python"), shown)  # noqa: S102  the guide's own lines
    return shown["signature"]


def test_the_worked_example_comes_out_as_it_is_printed() -> None:
    shell = block("sh")
    [body] = re.findall(r"^body='(.*)'$", shell, re.M)
    [key] = re.findall(r"-hmac (\S+)", shell)
    [printed, sent] = re.findall(r"[0-9a-f]{64}", GUIDE)
    assert signature()(key.encode(), "1772417700", body.encode()) == printed == sent
    assert sign(key.encode(), "1772417700", body.encode()) == printed


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_the_shell_prints_the_same() -> None:
    done = subprocess.run(["bash", "-c", block("sh")], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in GUIDE and len(done.stdout.strip()) == 64


async def test_a_payment_signed_by_the_guide_is_taken(front: Front) -> None:
    body, now = json.dumps(payment(await filed(front))).encode(), str(int(time.time()))
    signed = {"Payment-Timestamp": now, "Payment-Signature": signature()(PAYMENT_SECRET.encode(), now, body)}
    taken = await front.client.post(
        "/v1/payments", content=body, headers={"Content-Type": "application/json", **signed}
    )
    assert taken.status_code == 201, taken.text
