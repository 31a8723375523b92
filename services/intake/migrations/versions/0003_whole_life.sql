-- What a step says beside its status. The due date is the last one set, also when it was set to none.
ALTER TABLE steps
    ADD COLUMN sets_due boolean NOT NULL DEFAULT false,
    ADD COLUMN strikes integer,
    ADD COLUMN answers integer,
    ADD COLUMN said json;
UPDATE steps SET sets_due = true WHERE what IN ('DossierAccepted', 'DossierResolved', 'ProcessingStopped');
COMMENT ON COLUMN steps.strikes IS 'sequence of the step that it reverses';
COMMENT ON COLUMN steps.answers IS 'version of the WithdrawalRequested that it answers';
COMMENT ON COLUMN steps.said IS 'what the applicant is to bring or to pay, until when, and whether the clock stands still';

-- What each resolved dossier took.
CREATE TABLE durations (
    dossier_id uuid PRIMARY KEY,
    procedure text NOT NULL,
    ended_on date NOT NULL,
    days integer NOT NULL
);
CREATE INDEX durations_by_end ON durations (ended_on, procedure);

-- The owner of a dossier that somebody else submits.
ALTER TABLE filings
    ADD COLUMN owner_name text,
    ADD COLUMN owner_identifier_kind text,
    ADD COLUMN owner_identifier_number text,
    ADD COLUMN owner_email text,
    ADD COLUMN owner_phone text;
ALTER TYPE new_filing
    ADD ATTRIBUTE owner_name text,
    ADD ATTRIBUTE owner_identifier_kind text,
    ADD ATTRIBUTE owner_identifier_number text,
    ADD ATTRIBUTE owner_email text,
    ADD ATTRIBUTE owner_phone text;

-- What was brought later, each by its event in the log.
CREATE TABLE supplements (
    dossier_id uuid NOT NULL,
    sequence integer NOT NULL,
    content bytea,
    salt bytea,
    CONSTRAINT one_content_per_supplement PRIMARY KEY (dossier_id, sequence),
    CONSTRAINT supplement_is_erased_with_its_salt CHECK ((content IS NULL) = (salt IS NULL))
);

-- A provider's payment is recorded once, for ever.
CREATE TABLE payments (
    reference text NOT NULL,
    dossier_id uuid NOT NULL,
    sequence integer NOT NULL,
    body_hmac bytea NOT NULL,
    CONSTRAINT one_payment_per_reference PRIMARY KEY (reference)
);

\i ../../functions/submit.sql

CREATE TYPE new_act AS (
    item integer, index smallint, content bytea, salt bytea, reference text, body_hmac bytea
);

-- Appends applicants' acts, and keeps with those that were appended what was brought, and which payment it was: one call, one
-- transaction. Answers as append() does. A reference that stands already fails the call.
CREATE FUNCTION record_acts(new_items new_item[], new_events new_event[], new_acts new_act[])
RETURNS TABLE (
    item integer, outcome text, stream_id uuid, version integer, "position" bigint, recorded_at timestamptz,
    body_hmac bytea, numbers bigint[]
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    items integer[];
    outcomes text[];
    streams uuid[];
    versions integer[];
    positions bigint[];
    recorded timestamptz[];
    hmacs bytea[];
BEGIN
    SELECT array_agg(a.item ORDER BY a.item), array_agg(a.outcome ORDER BY a.item), array_agg(a.stream_id ORDER BY a.item),
           array_agg(a.version ORDER BY a.item), array_agg(a.position ORDER BY a.item),
           array_agg(a.recorded_at ORDER BY a.item), array_agg(a.body_hmac ORDER BY a.item)
    INTO items, outcomes, streams, versions, positions, recorded, hmacs
    FROM append(new_items, new_events) a;

    INSERT INTO supplements (dossier_id, sequence, content, salt)
    SELECT streams[a.item], versions[a.item] - (new_items[a.item]).events + a.index + 1, a.content, a.salt
    FROM unnest(new_acts) a WHERE outcomes[a.item] = 'appended' AND a.content IS NOT NULL;

    INSERT INTO payments (reference, dossier_id, sequence, body_hmac)
    SELECT a.reference, streams[a.item], versions[a.item] - (new_items[a.item]).events + a.index + 1, a.body_hmac
    FROM unnest(new_acts) a WHERE outcomes[a.item] = 'appended' AND a.reference IS NOT NULL;

    RETURN QUERY
    SELECT u.item, u.outcome, u.stream_id, u.version, u.position, u.recorded_at, u.body_hmac, NULL::bigint[]
    FROM unnest(items, outcomes, streams, versions, positions, recorded, hmacs)
        AS u(item, outcome, stream_id, version, position, recorded_at, body_hmac);
END $$;

DROP FUNCTION IF EXISTS read_person(uuid, text, text, text);
\i ../../functions/read_person.sql

REVOKE ALL ON FUNCTION record_acts(new_item[], new_event[], new_act[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_acts(new_item[], new_event[], new_act[]) TO {role};
GRANT SELECT ON payments TO {role};
GRANT SELECT, INSERT, DELETE ON durations TO {role};
