"""What the applicant paid, which fee each payment settled, and what of it is to be given back. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

from services.processing.clock.working_days import local_day
from services.processing.dossier.events import FeeConfirmed, FeeRequested, FeeWaived
from services.processing.dossier.reversal_events import struck_out
from services.processing.dossier.state import AwaitingPayment, Dossier, Ended, Heard


def used_payments(dossier: Dossier) -> dict[int, int]:
    """The payments that settled a fee and still do, with the đồng that each stood for. An import's confirmation names none: the first
    that covers it is its.

    Guarantee: a payment that an import confirmed is not paid back. Test: test_a_payment_that_an_import_confirmed_is_not_paid_back.
    """
    struck = struck_out(dossier.acts)
    amounts = {each.sequence: each.amount or 0 for each in payments(dossier)}
    used: dict[int, int] = {}
    unnamed: list[int] = []
    amount_vnd = 0
    for sequence, act in enumerate(dossier.acts, 1):
        if isinstance(act, FeeRequested):
            amount_vnd = act.amount_vnd
        elif sequence in struck or not isinstance(act, FeeConfirmed | FeeWaived):
            continue
        elif act.payment is not None:
            used[act.payment] = min(amount_vnd, amounts.get(act.payment, amount_vnd))
        elif isinstance(act, FeeConfirmed):
            unnamed.append(amount_vnd)
    for amount_vnd in unnamed:
        first = (h for h in payments(dossier) if h.sequence not in used and covers(h, amount_vnd))
        used |= {h.sequence: amount_vnd for h in list(first)[:1]}
    return used


def payments(dossier: Dossier) -> list[Heard]:
    """What was paid, as far as it was heard of."""
    return [h for h in dossier.heard if h.what == "FeePaid"]


def unused_payments(dossier: Dossier) -> list[Heard]:
    """Those that settled nothing so far."""
    used = used_payments(dossier)
    return [h for h in payments(dossier) if h.sequence not in used]


def covers(payment: Heard, amount_vnd: int) -> bool:
    """Whether a payment is in đồng, and not less."""
    return payment.currency == "VND" and (payment.amount or 0) >= amount_vnd


PaymentUse = Literal[
    "settled", "surplus", "waits", "unasked", "partial", "double", "other_currency", "dossier_ended"
]
"""What became of a payment. `surplus`: it settled the fee, and was more. `waits`: it covers a fee that waits for it.
`dossier_ended`: it came after the end, or the dossier was not taken in."""


class Weighed(NamedTuple):
    """A payment, what became of it, and how much of it is to be given back, in its own currency."""

    payment: Heard
    use: PaymentUse
    to_refund: int


def weigh(dossier: Dossier) -> list[Weighed]:
    """Every payment of a dossier. An unasked one may be the fee paid in advance: an officer looks at it before it is given back.

    Guarantee: what settles no fee, and what is beyond it, is on the refund list. Test: test_every_payment_that_settles_nothing_is_listed.
    """
    used, struck = used_payments(dossier), struck_out(dossier.acts)
    asked = [
        act.amount_vnd
        for sequence, act in enumerate(dossier.acts, 1)
        if isinstance(act, FeeRequested) and sequence not in struck
    ]
    ended = dossier.now if isinstance(dossier.now, Ended) else None
    while ended is not None and isinstance(ended.before, Ended):
        ended = ended.before

    def use_of(payment: Heard) -> PaymentUse:
        if payment.sequence in used:
            more = payment.currency == "VND" and (payment.amount or 0) > used[payment.sequence]
            return "surplus" if more else "settled"
        if ended and (ended.status == "rejected" or local_day(payment.at) >= ended.by.on):
            return "dossier_ended"
        if not asked:
            return "unasked"
        if payment.currency != "VND":
            return "other_currency"
        if not covers(payment, asked[-1]):
            return "partial"
        if isinstance(dossier.now, AwaitingPayment):
            return "waits"
        return "double" if used else "unasked"

    def back(payment: Heard, use: PaymentUse) -> int:
        if use in ("settled", "waits"):
            return 0
        return (payment.amount or 0) - (used[payment.sequence] if use == "surplus" else 0)

    return [Weighed(h, use, back(h, use)) for h in payments(dossier) for use in [use_of(h)]]
