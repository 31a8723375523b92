"""What notify measures, each with its sentence; labels come from closed sets and are never an id, a name or an address."""

from services.chassis.process.metrics import SLOW_SECONDS, counter, gauge, histogram

CHANNEL = {"channel": "email or inbox"}

DECIDED = counter("notices_decided_total", "Notices decided, lapsed ones included.", CHANNEL)
MUTED = counter("notices_muted_total", "Events that gave no notice because an import made them.")
SENT = counter(
    "notices_sent_total",
    "Notices that the carrier took, or that stand in the inbox, and were recorded.",
    CHANNEL,
)
FAILED = counter(
    "notices_failed_total",
    "Notices recorded as not reaching the applicant.",
    {
        **CHANNEL,
        "reason": "no_contact, refused, or lapsed: decided more than 72 hours after the event, or put off for as long",
    },
)
AMBIGUOUS = gauge(
    "notices_ambiguous",
    "E-mails of this database that may have been handed over twice, with one Message-ID: their first sending was not recorded.",
)
PUT_OFF = counter(
    "notices_put_off_total", "E-mails that the carrier could not take now and that are tried again."
)
REFUSALS = counter(
    "notices_refusals_total",
    "5xx answers of the mail server to a letter, each time that it is tried.",
    {
        "subject": "what they spoke of (RFC 3463): address, mailbox, system, network, protocol, content, policy or other"
    },
)
TOLD_SECONDS = histogram(
    "notices_told_seconds",
    "Time from an event's record to its e-mail's hand-over; of inbox notices, the oldest of each recorded batch.",
    SLOW_SECONDS,
    CHANNEL,
)
WAITING = gauge("notices_waiting", "E-mails decided and neither sent nor failed.")
WAITING_OLDEST_SECONDS = gauge(
    "notices_waiting_oldest_seconds", "Age of the oldest of them; 0 when none waits."
)
CALLS = counter(
    "webhook_calls_total", "Calls to portals.", {"outcome": "taken, or put-off: to be made again"}
)
CALLS_WAITING = gauge(
    "webhook_calls_waiting", "Calls to be made to portals, but for those that are called no more."
)
CALLS_OLDEST_SECONDS = gauge(
    "webhook_calls_oldest_seconds",
    "Age of the oldest event that such a call tells of; 0 when none waits.",
)
SUBSCRIPTIONS_PAUSED = gauge(
    "webhook_subscriptions_paused", "Subscriptions whose portal took nothing for 72 hours, or is gone."
)
