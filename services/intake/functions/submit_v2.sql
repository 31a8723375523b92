-- Appends a batch of submissions and writes, for those that were appended, what the people store keeps of them: one
-- call, one transaction. Answers as append_v2() does.
-- The event of an applicant who can be told has drawn the number of its change of contact, under the head of the log.
CREATE OR REPLACE FUNCTION submit_v2(new_items new_item_v2[], new_events new_event_v2[], new_filings new_filing_v2[])
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
    changes bigint[];
BEGIN
    -- A statement of its own: the number of the last change must not be older than the lock.
    PERFORM FROM log_head FOR UPDATE;
    -- Sorted once: PostgreSQL 15 sorts for each aggregate that has an order of its own.
    SELECT array_agg(a.item), array_agg(a.outcome), array_agg(a.stream_id), array_agg(a.version), array_agg(a.position),
           array_agg(a.recorded_at), array_agg(a.body_hmac), array_agg(a.numbers[1])
    INTO items, outcomes, streams, versions, positions, recorded, hmacs, changes
    FROM (SELECT * FROM append_v2(new_items, new_events, last_contact_change()) o ORDER BY o.item) a;

    -- Changes only of applicants that are known at all: no notice waits for the others. An owner is told nothing: the submitter is.
    WITH appended AS MATERIALIZED (
        SELECT f.* FROM unnest(new_filings) f WHERE outcomes[f.item] = 'appended'
    ), known AS (
        INSERT INTO applicants (applicant_id, name, identifier_kind, identifier_number, email, phone)
        SELECT f.applicant_id, f.name, f.identifier_kind, f.identifier_number, f.email, f.phone
        FROM appended f WHERE f.name IS NOT NULL
    ), changed AS (
        INSERT INTO contact_changes (position, applicant_id, event_position)
        SELECT changes[f.item], f.applicant_id, positions[f.item] FROM appended f WHERE f.name IS NOT NULL
    )
    INSERT INTO filings (dossier_id, applicant_id, content, salt, owner_name, owner_identifier_kind,
                         owner_identifier_number, owner_email, owner_phone)
    SELECT f.dossier_id, f.applicant_id, f.content, f.salt, f.owner_name, f.owner_identifier_kind,
           f.owner_identifier_number, f.owner_email, f.owner_phone
    FROM appended f;

    RETURN QUERY
    SELECT u.item, u.outcome, u.stream_id, u.version, u.position, u.recorded_at, u.body_hmac, array_remove(ARRAY[u.change], NULL)
    FROM unnest(items, outcomes, streams, versions, positions, recorded, hmacs, changes)
        AS u(item, outcome, stream_id, version, position, recorded_at, body_hmac, change);
END $$;

REVOKE ALL ON FUNCTION submit_v2(new_item_v2[], new_event_v2[], new_filing_v2[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION submit_v2(new_item_v2[], new_event_v2[], new_filing_v2[]) TO {role};
