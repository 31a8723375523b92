"""What processing measures beside every service's metrics; labels come from closed sets."""

from services.chassis.metrics import counter

KIND = {"kind": "what became true by itself, or payments"}

FIRED = counter(
    "timers_fired_total", "Facts of dossiers that became true by themselves and were recorded.", KIND
)
FAILED = counter(
    "timers_failed_total", "Sweeps of one kind and office that failed; the next one tries again.", KIND
)
