"""What notify measures, each with its sentence; labels come from closed sets and are never an id, a name or an address."""

from services.chassis.process.metrics import FAST_SECONDS, SLOW_SECONDS, counter, gauge, histogram

CHANNEL = {"channel": "email, inbox or sms"}
PROVIDER = {"provider": "first or second"}

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
        "reason": "no_contact, refused, undelivered (it came back, or the address rests), or lapsed: decided more than 72 hours after "
        "the event, or put off for as long; text messages lapse sooner",
    },
)
AMBIGUOUS = gauge(
    "notices_ambiguous",
    "E-mails of this database that may have been handed over twice, with one Message-ID: their first sending was not recorded.",
)
PUT_OFF = counter(
    "notices_put_off_total",
    "E-mails and text messages that the carrier could not take now and that are tried again.",
)
REFUSALS = counter(
    "notices_refusals_total",
    "5xx answers of the mail server to a letter, each time that it is tried.",
    {
        "subject": "what they spoke of (RFC 3463): address, mailbox, system, network, protocol, content, policy or other"
    },
)
RETURNED = counter(
    "letters_returned_total",
    "What came back by the return paths of e-mails.",
    {
        "what": "hard: no such mailbox; soft: another bounce; complaint; delivered; delayed: tried again by others; repeated; late: of an "
        "address that is not held any more; unknown: of no letter of this database; unreadable: no report; or forged"
    },
)
ADDRESSES_RESTED = gauge(
    "addresses_rested",
    "E-mail addresses to which nothing is sent, because letters came back or somebody complained.",
)
TOLD_SECONDS = histogram(
    "notices_told_seconds",
    "Time from an event's record to the hand-over of its e-mail or text message; of inbox notices, the oldest of each recorded batch.",
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
HAND_OVERS = counter(
    "message_hand_overs_total",
    "Text messages given to a provider, each time.",
    {**PROVIDER, "outcome": "taken, refused, put-off, or in-doubt: it may have taken it"},
)
HAND_OVER_SECONDS = histogram(
    "message_hand_over_seconds", "How long a provider took to answer.", FAST_SECONDS, PROVIDER
)
PROVIDER_UP = gauge(
    "message_provider_up", "1 while the provider is used, 0 while it is left alone.", PROVIDER
)
MESSAGE_UNITS = gauge(
    "message_units_this_month",
    "What was handed over this month, in the units that providers charge.",
    PROVIDER,
)
MESSAGES_WAITING = gauge(
    "messages_waiting", "Text messages that may go out now and are neither sent nor failed."
)
MESSAGES_OLDEST_SECONDS = gauge(
    "messages_waiting_oldest_seconds",
    "How long the oldest of them could have gone out; a night does not count. 0 when none waits.",
)
MESSAGES_IN_DOUBT = gauge(
    "messages_in_doubt", "Text messages that wait because a provider may have taken them."
)
MESSAGES_AMBIGUOUS = gauge(
    "messages_ambiguous", "Text messages of this database that may have been handed over twice, under one id."
)
MESSAGES_UNTOLD = gauge(
    "messages_without_receipt", "Text messages sent more than an hour ago of which no receipt has come."
)
RECEIPTS = counter(
    "message_receipts_total",
    "What providers told of messages that they had taken.",
    {
        **PROVIDER,
        "receipt": "delivered, failed, repeated, unknown: of no message of ours, or forged: of another's, or without the key",
    },
)
