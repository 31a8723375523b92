-- Kept where text messages are sent, and gone with the rest of a person. No constraint says so: the release before, which does not know
-- the column, forgets a person without it, and the tombstone is read once more by the release that does.
ALTER TABLE contacts ADD COLUMN phone text;
COMMENT ON COLUMN contacts.phone IS 'a mobile number of Vietnam as E.164';

-- A text message that was decided, and how far it is: a row for each, for nobody who has no mobile number. It stays, as notices do.
-- A claim is claimed_at, counted by claims; nobody else takes the row before not_before.
CREATE TABLE messages (
    notice_id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    dossier_id uuid NOT NULL,
    applicant_id uuid NOT NULL,
    needs_change bigint NOT NULL,
    about text NOT NULL,
    about_event_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    decided_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    urgent boolean NOT NULL,
    facts json NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'delivered', 'failed')),
    reason text,
    request_id uuid NOT NULL,
    not_before timestamptz NOT NULL,
    claimed_at timestamptz,
    claims integer NOT NULL DEFAULT 0,
    put_offs integer NOT NULL DEFAULT 0,
    looks integer NOT NULL DEFAULT 0,
    endings integer NOT NULL DEFAULT 0,
    in_doubt boolean NOT NULL DEFAULT false,
    ambiguous boolean NOT NULL DEFAULT false,
    provider text,
    reference text NOT NULL DEFAULT '',
    avoid text,
    units integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    ended_at timestamptz,
    ask_at timestamptz,
    asked integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
COMMENT ON COLUMN messages.in_doubt IS 'the provider named beside it may have taken it: no other may be given it, and who sends it again by hand sends it perhaps twice';
COMMENT ON COLUMN messages.avoid IS 'the provider whose receipt said that it failed';
CREATE UNIQUE INDEX messages_by_request ON messages (request_id);
CREATE INDEX messages_by_turn ON messages (urgent DESC, not_before) WHERE state = 'waiting';
CREATE INDEX messages_that_expire ON messages (expires_at) WHERE state = 'waiting';
CREATE INDEX messages_of_dossier ON messages (dossier_id, number);
CREATE INDEX messages_without_contact ON messages (applicant_id) WHERE looks > 0;
CREATE INDEX messages_to_ask_for ON messages (ask_at) WHERE ask_at IS NOT NULL;
CREATE INDEX messages_by_month ON messages (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX messages_ambiguous ON messages (notice_id) WHERE ambiguous;
CREATE INDEX messages_failed ON messages (ended_at) WHERE state = 'failed';

-- What providers told and is not in the log yet: also of messages whose hand-over is not recorded yet.
CREATE TABLE receipts (
    request_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('delivered', 'failed')),
    provider text NOT NULL,
    reference text NOT NULL,
    reason text,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, state)
);

CREATE TYPE message_outcome_v1 AS (
    item integer, notice_id uuid, claims integer, state text, reason text, request_id uuid, provider text, reference text,
    units integer, ambiguous boolean, at timestamptz, ask_at timestamptz, again uuid
);

\i ../../functions/record_messages_v1.sql

GRANT SELECT, INSERT, UPDATE, DELETE ON messages, receipts TO {role};
