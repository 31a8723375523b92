"""Finds procedures by what somebody types: every word, with or without its accents, in the name, the field or the code. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from contracts.catalogue.procedure import Procedure, Version

WORDS_MAX = 20


class Found(NamedTuple):
    """A procedure with what is in force of it."""

    procedure: Procedure
    version: Version


def plain(text: str) -> str:
    """Small letters without accents; đ is d."""
    apart = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(each for each in apart if unicodedata.category(each) != "Mn")


def find(
    procedures: Iterable[Procedure], on: date, asked: str, field: str = "", level: str = ""
) -> Sequence[Found]:
    """What can be applied for on a day and has every word that was asked, in the catalogue's order.

    Guarantee: what is typed without accents finds the same. Test: test_a_procedure_is_found_without_accents.
    """
    wanted = plain(asked).split()[:WORDS_MAX]
    found = []
    for procedure in procedures:
        version = procedure.version_on(on)
        if not isinstance(version, Version) or (field and procedure.field != field):
            continue
        if level and version.level != level:
            continue
        said = plain(f"{procedure.code} {procedure.name_vi} {procedure.name_en} {procedure.field}")
        if all(word in said for word in wanted):
            found.append(Found(procedure, version))
    return found
