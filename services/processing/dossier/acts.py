"""Every act but the reversal, in the order in which the documents list them: history.py reads what they do, decide.py the rest.

A new act joins a tuple of its family's file.
"""

from __future__ import annotations

from services.processing.dossier import (
    acceptance,
    ending,
    fee,
    holder,
    opinion,
    stopping,
    supplement,
    told_dates,
    withdrawal,
)
from services.processing.dossier.act import Act

ACTS: tuple[Act, ...] = (
    *acceptance.ACTS,
    *holder.STEPS,
    *ending.ENDS,
    *stopping.ACTS,
    *told_dates.APOLOGIES,
    *ending.AFTERWARDS,
    *supplement.ACTS,
    *fee.ACTS,
    *opinion.ACTS,
    *told_dates.EXTENSIONS,
    *told_dates.RECOUNTS,
    *withdrawal.ACTS,
    *holder.HANDS,
)
