"""The catalogue: the 22 procedures that can be applied for, as every service knows them, by the day.

Read once from `procedures.json`, checked strictly, never changed while a process runs. The first version of each holds from
the beginning (`effective_from` null), for imports bring dossiers of many years and no public text gives a day. What does
not come from a public text is named in `unverified`; pages that show it say "dữ liệu minh họa".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from contracts.catalogue.file import SHIPPED, read
from contracts.catalogue.procedure import Abolition, Procedure, Version

__all__ = ["PROCEDURES", "Abolition", "Procedure", "Version", "find", "version_on"]


def _load() -> dict[str, Procedure]:
    found = read(SHIPPED.read_bytes())
    if found.faults:
        raise ValueError("\n".join(str(fault) for fault in found.faults))
    return {procedure.code: procedure for procedure in found.procedures}


PROCEDURES: Mapping[str, Procedure] = _load()


def find(code: str) -> Procedure | None:
    """The procedure of a national code, abolished or not, or None."""
    return PROCEDURES.get(code)


def version_on(code: str, day: date) -> Version | Abolition | None:
    """What is in force on a local day; None for a code that nobody knows and for one that is not yet in force.

    A dossier keeps the version of the day of its first submission (decrees 217/2026 art. 76, 212/2026 art. 55): ask with that day.
    """
    procedure = PROCEDURES.get(code)
    return None if procedure is None else procedure.version_on(day)


def stopped_by(day: date) -> dict[str, date]:
    """The procedures whose abolition has stopped open dossiers by a day, each with the day on which it did."""
    found = {code: procedure.version_on(day) for code, procedure in PROCEDURES.items()}
    return {
        code: gone.effective_from
        for code, gone in found.items()
        if isinstance(gone, Abolition) and gone.open_dossiers == "stopped"
    }
