"""Why a dossier may be refused: each procedure has its list, and each code its words."""

import pytest
from pydantic import ValidationError

from contracts.catalogue.refusals import REFUSALS, Refusals
from contracts.catalogue.shipped import PROCEDURES


def test_every_procedure_has_its_reasons() -> None:
    assert set(REFUSALS.procedures) == set(PROCEDURES)
    named = {*REFUSALS.of_all, *(reason for reasons in REFUSALS.procedures.values() for reason in reasons)}
    assert named == set(REFUSALS.reasons)


def test_a_reason_without_words_is_no_reason() -> None:
    with pytest.raises(ValidationError, match="reasons without words: nothing"):
        Refusals(reasons={}, of_all=("nothing",), procedures={}, unverified=())
