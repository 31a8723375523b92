-- What notify knows of a dossier: codes only. The code stays sealed and is opened when a text is written.
CREATE TABLE dossiers (
    dossier_id uuid PRIMARY KEY,
    applicant_id uuid NOT NULL,
    contact_change bigint NOT NULL,
    procedure text NOT NULL,
    office text NOT NULL,
    sealed_code text
) WITH (fillfactor = 80);

-- The only personal data of this service: as published, and gone when it is erased.
CREATE TABLE contacts (
    applicant_id uuid PRIMARY KEY,
    change bigint NOT NULL,
    erased boolean NOT NULL,
    name text,
    email text,
    CONSTRAINT erased_keeps_nobody CHECK (NOT erased OR (name IS NULL AND email IS NULL))
);

-- What was decided, once and for good. How a notice ended stands in the log; what is under way, in mails and unsaid.
CREATE TABLE notices (
    dossier_id uuid NOT NULL,
    notice_id uuid NOT NULL,
    about text NOT NULL,
    about_event_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'inbox')),
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    decided_at timestamptz NOT NULL,
    facts json NOT NULL,
    CONSTRAINT a_notice_is_decided_once PRIMARY KEY (dossier_id, notice_id)
);

-- E-mails neither sent nor failed. A claim is claimed_at, counted by claims; nobody else takes the row before not_before.
CREATE TABLE mails (
    notice_id uuid PRIMARY KEY,
    dossier_id uuid NOT NULL,
    applicant_id uuid NOT NULL,
    needs_change bigint NOT NULL,
    decided_at timestamptz NOT NULL,
    not_before timestamptz NOT NULL,
    claimed_at timestamptz,
    claims integer NOT NULL DEFAULT 0,
    put_offs integer NOT NULL DEFAULT 0,
    ambiguous boolean NOT NULL DEFAULT false
) WITH (fillfactor = 70);
CREATE INDEX mails_by_turn ON mails (not_before);

-- Endings that need no carrier (inbox notices stand, others lapsed or have nobody to go to) and are not yet in the log: a row per consumer batch.
CREATE TABLE unsaid (
    batch bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    oldest_recorded_at timestamptz NOT NULL,
    dossier_ids uuid[] NOT NULL,
    notice_ids uuid[] NOT NULL,
    event_ids uuid[] NOT NULL,
    about_event_ids uuid[] NOT NULL,
    channels text[] NOT NULL,
    traceparents text[] NOT NULL,
    types text[] NOT NULL,
    data text[] NOT NULL
);

-- The notices whose NoticeSent says ambiguous, so that they are counted across restarts without reading the log.
CREATE TABLE ambiguous_notices (notice_id uuid PRIMARY KEY);

CREATE TYPE mail_outcome AS (item integer, notice_id uuid, claims integer);

-- Records how e-mails ended, and ends their waiting in the same call.
-- Guarantee: who records behind a claim that was taken over says that it is ambiguous. Test: test_a_late_record_says_that_it_is_ambiguous.
CREATE FUNCTION record_notices(new_items new_item[], new_events new_event[], outcomes mail_outcome[])
RETURNS TABLE (
    item integer, outcome text, stream_id uuid, version integer, "position" bigint, recorded_at timestamptz,
    body_hmac bytea, numbers bigint[]
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    taken_over integer[];
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    SELECT array_agg(o.item) INTO taken_over
    FROM unnest(outcomes) o JOIN mails m ON m.notice_id = o.notice_id
    WHERE m.claims <> o.claims;
    IF taken_over IS NOT NULL THEN
        SELECT array_agg(ROW(n.item, n.index, n.stream_id, n.event_id, n.command_id, n.type, n.schema_version, n.occurred_at,
                             n.actor, n.correlation_id, n.causation_id, n.traceparent, n.counter,
                             CASE WHEN n.item = ANY (taken_over) AND n.type = 'NoticeSent'
                                  THEN (n.data::jsonb || '{"ambiguous": true}')::text ELSE n.data END)::new_event
                         ORDER BY n.item, n.index)
        INTO new_events
        FROM unnest(new_events) n;
    END IF;
    RETURN QUERY
        WITH answered AS MATERIALIZED (SELECT * FROM append(new_items, new_events)), counted AS (
            INSERT INTO ambiguous_notices (notice_id)
            SELECT n.command_id
            FROM answered a JOIN unnest(new_events) n ON n.item = a.item
            WHERE a.outcome = 'appended' AND (n.data::json ->> 'ambiguous')::boolean
        )
        SELECT * FROM answered;
    DELETE FROM mails m USING unnest(outcomes) o WHERE m.notice_id = o.notice_id;
END $$;

-- Records the endings of the oldest batches in one call, in the order in which they were decided, and tells what they were.
-- A dossier's notices go in as one item under its first notice's id; the batch's row, deleted here, is what makes it once.
-- Guarantee: an ending that needs no carrier is recorded exactly once, however often and by however many this is called. Test: test_two_who_record_the_inbox_say_it_once.
CREATE FUNCTION record_unsaid(batches integer, at timestamptz, who text)
RETURNS TABLE (type text, channel text, reason text, notices bigint, oldest_recorded_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    gone unsaid[];
    new_items new_item[];
    new_events new_event[];
    outcomes text[];
BEGIN
    IF NOT EXISTS (SELECT FROM unsaid) THEN
        RETURN;  -- an idle call takes no lock
    END IF;
    PERFORM FROM log_head FOR UPDATE;
    WITH deleted AS (
        DELETE FROM unsaid WHERE batch IN (SELECT u.batch FROM unsaid u ORDER BY u.batch LIMIT batches) RETURNING unsaid
    )
    SELECT array_agg(d.unsaid) INTO gone FROM deleted d;
    IF gone IS NULL THEN
        RETURN;
    END IF;

    WITH said AS (
        SELECT n.*, dense_rank() OVER (ORDER BY n.dossier_id)::integer AS item,
               (row_number() OVER turn - 1)::smallint AS index, first_value(n.notice_id) OVER turn AS command_id
        FROM unnest(gone) u
        CROSS JOIN LATERAL unnest(u.dossier_ids, u.notice_ids, u.event_ids, u.about_event_ids, u.traceparents, u.types, u.data)
            WITH ORDINALITY AS n(dossier_id, notice_id, event_id, about_event_id, traceparent, type, data, place)
        WINDOW turn AS (PARTITION BY n.dossier_id ORDER BY u.batch, n.place)
    )
    SELECT (SELECT array_agg(ROW(i.dossier_id, NULL, i.command_id, i.events, NULL, NULL, NULL)::new_item ORDER BY i.item)
            FROM (SELECT s.item, s.dossier_id, s.command_id, count(*)::integer AS events
                  FROM said s GROUP BY s.item, s.dossier_id, s.command_id) i),
           (SELECT array_agg(ROW(s.item, s.index, s.dossier_id, s.event_id, s.command_id, s.type, 1, at, who, NULL,
                                 s.about_event_id, s.traceparent, NULL, s.data)::new_event ORDER BY s.item, s.index)
            FROM said s)
    INTO new_items, new_events;

    SELECT array_agg(DISTINCT a.outcome) INTO outcomes FROM append(new_items, new_events) a;
    IF outcomes <> ARRAY['appended'] THEN
        RAISE EXCEPTION 'an unsaid notice is already in the log: %', outcomes;
    END IF;
    RETURN QUERY
        SELECT n.type, n.channel, n.data::json ->> 'reason', count(*), min(u.oldest_recorded_at)
        FROM unnest(gone) u CROSS JOIN LATERAL unnest(u.types, u.channels, u.data) AS n(type, channel, data)
        GROUP BY 1, 2, 3;
END $$;

REVOKE ALL ON FUNCTION record_notices(new_item[], new_event[], mail_outcome[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION record_unsaid(integer, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_notices(new_item[], new_event[], mail_outcome[]) TO {role};
GRANT EXECUTE ON FUNCTION record_unsaid(integer, timestamptz, text) TO {role};
GRANT SELECT, INSERT, UPDATE (sealed_code) ON dossiers TO {role};
GRANT SELECT, INSERT, UPDATE ON contacts TO {role};
GRANT SELECT, INSERT ON notices TO {role};
GRANT SELECT, INSERT, UPDATE ON mails TO {role};
GRANT SELECT, INSERT ON unsaid TO {role};
GRANT SELECT ON ambiguous_notices TO {role};
