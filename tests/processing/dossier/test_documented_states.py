"""Which state refuses which command is documented as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.chassis.log.decider import Rejected
from services.processing.dossier.act import Command
from services.processing.dossier.decide import act_of
from tests.processing import examples as x
from tests.processing.dossier.test_decide import STATES, heard_for

OPENAPI = Path(__file__).parents[3] / "contracts" / "openapi" / "processing.json"
DOCUMENT = json.loads(OPENAPI.read_text(encoding="utf-8"))
OF_A_WISH = "not-while-withdrawal-requested"


def documented(act: str) -> set[str]:
    answers = DOCUMENT["paths"][f"/v1/dossiers/{{dossier_id}}/{act}"]["post"]["responses"]
    name = answers["409"]["content"]["application/problem+json"]["schema"]["$ref"].rpartition("/")[2]
    codes = DOCUMENT["components"]["schemas"][name]["properties"]["code"]["enum"]
    return {code for code in codes if code.startswith("not-while-")} - {OF_A_WISH}


@pytest.mark.parametrize("command", x.COMMANDS, ids=lambda c: type(c).__name__)
def test_the_states_that_refuse_a_command_are_the_documented_ones(command: Command) -> None:
    act = act_of(command)
    if not act.name or act.name == "reverse":
        return
    refused, quiet = set(), set()
    for status, history in STATES.items():
        decision = x.given_heard(*heard_for(command))(history).when(command).decision
        code = f"not-while-{status.removeprefix('submitted, ').replace(' ', '-')}"
        if decision == []:
            quiet.add(code)
        elif isinstance(decision, Rejected) and decision.code == code:
            refused.add(code)
    told = documented(act.name)
    assert refused - told == set()
    # What was said already is success there; said otherwise it is refused.
    assert told - refused - quiet == set()
