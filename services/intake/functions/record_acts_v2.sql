-- Appends applicants' acts, and keeps with those that were appended what was brought, and which payment it was: one call, one
-- transaction. Answers as append_v2() does. A reference that stands already fails the call.
CREATE OR REPLACE FUNCTION record_acts_v2(new_items new_item_v2[], new_events new_event_v2[], new_acts new_act_v2[])
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
    FROM append_v2(new_items, new_events) a;

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

REVOKE ALL ON FUNCTION record_acts_v2(new_item_v2[], new_event_v2[], new_act_v2[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_acts_v2(new_item_v2[], new_event_v2[], new_act_v2[]) TO {role};
