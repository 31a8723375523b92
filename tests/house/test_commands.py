"""What a new command touches: its family's file and `events.py`; one message with its example; one line of each reader.

Counted on the commands that there are. Who adds one and needs a line anywhere else has found something that every command will need.
"""

from __future__ import annotations

import ast
import inspect
from collections import Counter
from pathlib import Path

import pytest

from contracts import processing as contract
from services.intake import incoming as at_intake
from services.notify import incoming as at_notify
from services.processing.dossier.act import Act
from services.processing.dossier.decide import ACTS
from services.reporting import incoming as at_reporting
from tests.house.test_house import nodes

ROOT = Path(__file__).parent.parent.parent
PROCESSING = ROOT / "services" / "processing"
EVENTS = {"dossier/events.py", "dossier/date_events.py", "dossier/reversal_events.py"}

# What means more than any command does: the file that names it, and what it is there.
ELSEWHERE = {
    "dossier/state.py": {
        *("DossierRejected", "DossierWithdrawn", "ProcessingStopped", "DossierResolved", "ResultReturned"),
        *("SupplementRequested", "FeeRequested", "ApologyIssued", "ResultCorrected"),
    },  # what a dossier waits for or ended by
    "dossier/history.py": {"DossierWithdrawn", "WithdrawalRefused", "DossierReversed", "ReversalProposed"},
    "dossier/deadlines.py": {"SupplementLapsed", "DeadlineChanged", "OpinionDeadlineChanged"},
    "dossier/payments.py": {"FeeRequested", "FeeConfirmed", "FeeWaived"},  # which payment settled which fee
    "desk/payments.py": {"ConfirmPayment"},
    "dossier/becomes_true.py": {"RecountDueDate", "RecountDeadlines"},
    "dossier/repeats.py": {
        "AcceptDossier",
        "DossierAccepted",
        "ReverseAct",
        "DossierReversed",
        "ReversalProposed",
    },
    "dossier/correction.py": {"DossierReversed"},
    "dossier/saying.py": {"AcceptDossier", "DossierAccepted"},
    "desk/carry_out.py": {"DossierAccepted", "ReverseAct"},  # the official code
    "desk/bulk.py": {"DossierAccepted", "ReverseAct"},
    "desk/bulk_bodies.py": {"Accept"},  # an import gives the due date that its source kept
    "desk/control_slip.py": {
        *("DossierAccepted", "DossierRejected", "DossierWithdrawn", "ProcessingStopped", "DossierResolved"),
        *("ResultReturned", "DossierForwarded", "SupplementAccepted", "DossierReversed"),
    },  # where a step begins and ends
    "desk/control_slip_terms.py": {"DossierAccepted"},
    "desk/asked_reversals.py": {"DossierReversed", "ReversalProposed"},
    "desk/reversal_routes.py": {"ReversalProposed"},
    "calendar/change.py": {"RecountDueDate", "RecountDeadlines", "DueDateChanged"},
    "calendar/recount_by_clock.py": {"DueDateChanged"},
    "calendar/foreseen.py": {"DueDateChanged"},
    "outgoing.py": {"DossierAccepted"},
    "pages/forms.py": {
        *("DossierAccepted", "DossierRejected", "ProcessingStopped", "SupplementRequested", "ApologyIssued"),
    },  # after which act there is which form
    "samples.py": {"ApologyIssued"},
    "sweeps.py": {"StopProcessing", "NoteLapse", "DeemConsent"},
}


def _names(path: Path) -> set[str]:
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found.add(node.name)
    return found


NAMED = {str(path.relative_to(PROCESSING)): _names(path) for path in PROCESSING.rglob("*.py")}


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name or act.command.__name__)
def test_a_command_stands_in_its_familys_file(act: Act) -> None:
    family = str(Path(inspect.getfile(act.decide)).relative_to(PROCESSING))
    words = {act.command.__name__, *(event.__name__ for event in act.effects)}
    words |= {act.body.__name__} if act.body else set()
    named = {
        (file, word)
        for file, names in NAMED.items()
        for word in names & words
        if file not in EVENTS | {family} and word not in ELSEWHERE.get(file, set())
    }
    assert named == set()


def test_what_means_more_is_named_there() -> None:
    assert {file: words - NAMED[file] for file, words in ELSEWHERE.items() if words - NAMED[file]} == {}


def test_most_commands_are_named_nowhere_else() -> None:
    more = set().union(*ELSEWHERE.values())
    alone = [act for act in ACTS if act.name and not {each.__name__ for each in act.effects} & more]
    assert len(alone) >= 7, [act.name for act in alone]


def test_an_event_is_one_message_with_an_example_and_a_line_of_each_reader() -> None:
    contracts = (ROOT / "contracts").glob("processing*.py")
    classes = Counter(
        node.name
        for path in contracts
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    )
    for event in {event.__name__ for act in ACTS for event in act.effects}:
        message = next(message for message in contract.MESSAGES if message.__name__ == event)
        assert classes[event] == 1, event
        assert (ROOT / "contracts" / "examples" / f"{message.type_name}.json").exists()
        for reader in (at_intake, at_notify, at_reporting):
            lines = (message.type_name in reader.APPLIED) + (message.type_name in reader.PASSED_OVER)
            assert lines == 1, (event, reader.__name__)
