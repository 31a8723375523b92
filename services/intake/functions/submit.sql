-- Of the release before: it goes with the next one.
-- Appends a batch of submissions and writes, for those that were appended, what the people store keeps of them: one
-- call, one transaction. Answers as append() does; a submission draws no numbers.
CREATE OR REPLACE FUNCTION submit(new_items new_item[], new_events new_event[], new_filings new_filing[])
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

    INSERT INTO applicants (applicant_id, name, identifier_kind, identifier_number, email, phone)
    SELECT f.applicant_id, f.name, f.identifier_kind, f.identifier_number, f.email, f.phone
    FROM unnest(new_filings) f WHERE outcomes[f.item] = 'appended' AND f.name IS NOT NULL;

    INSERT INTO filings (dossier_id, applicant_id, content, salt, owner_name, owner_identifier_kind,
                         owner_identifier_number, owner_email, owner_phone)
    SELECT f.dossier_id, f.applicant_id, f.content, f.salt, f.owner_name, f.owner_identifier_kind,
           f.owner_identifier_number, f.owner_email, f.owner_phone
    FROM unnest(new_filings) f WHERE outcomes[f.item] = 'appended';

    -- Only of applicants that are known at all: no notice waits for the others. An owner is told nothing: the submitter is.
    INSERT INTO contact_changes (position, applicant_id)
    SELECT positions[f.item], f.applicant_id
    FROM unnest(new_filings) f WHERE outcomes[f.item] = 'appended' AND f.name IS NOT NULL;

    RETURN QUERY
    SELECT u.item, u.outcome, u.stream_id, u.version, u.position, u.recorded_at, u.body_hmac, NULL::bigint[]
    FROM unnest(items, outcomes, streams, versions, positions, recorded, hmacs)
        AS u(item, outcome, stream_id, version, position, recorded_at, body_hmac);
END $$;
REVOKE ALL ON FUNCTION submit(new_item[], new_event[], new_filing[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION submit(new_item[], new_event[], new_filing[]) TO {role};
