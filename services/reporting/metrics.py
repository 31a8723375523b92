"""What reporting measures, each with its sentence."""

from services.chassis.process.metrics import FAST_SECONDS, SLOW_SECONDS, counter, gauge, histogram

ACCEPTED_TO_COUNTED = histogram(
    "accepted_to_counted_seconds",
    "Time from an event's record, when its sender was told that it is accepted, to its count; the oldest of each batch.",
    SLOW_SECONDS,
)
IDENTITY_VIOLATIONS = gauge(
    "identity_violations",
    "Numbers that differ from the list behind them, and laws of the report that fail, at the last check of each: must be 0.",
)
IDENTITY_COMPARED = gauge(
    "identity_compared",
    "Numbers that the last check of each slice compared; 0 proves nothing.",
)
IDENTITY_DOSSIERS = gauge("identity_dossiers", "Dossiers that the last count of all of them found.")
IDENTITY_CHECKED_AT = gauge("identity_checked_timestamp_seconds", "When the last check ended, Unix time.")
IDENTITY_OLDEST_AT = gauge(
    "identity_oldest_check_timestamp_seconds",
    "When that slice of the numbers was checked which was checked longest ago, Unix time.",
)
IDENTITY_SECONDS = histogram("identity_check_seconds", "Time of one check.", FAST_SECONDS)
PLOTS_DRAWN = counter("plots_drawn_total", "Plots drawn.")
PLOTS_FAILED = counter(
    "plots_failed_total", "Plots that could not be drawn: the page showed its tables alone."
)
