-- Appends a batch and moves the queue rows of what was appended: one call, one transaction. Item i has its standing, the
-- state after its events, at place i of new_standings. Answers as append_v2() does. A dossier without unit is not accepted, or no
-- longer: its code is free of it, and its number is never drawn again.
CREATE OR REPLACE FUNCTION record_v2(new_items new_item_v2[], new_events new_event_v2[], new_standings new_standing_v2[])
RETURNS TABLE (
    item integer, outcome text, stream_id uuid, version integer, "position" bigint, recorded_at timestamptz,
    body_hmac bytea, numbers bigint[]
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
-- A plan made while the queue was short must not read all of it when it is long.
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    -- A statement of its own: the snapshot of the next one, which updates, must not be older than the lock.
    PERFORM FROM log_head FOR UPDATE;
    RETURN QUERY
    WITH answered AS MATERIALIZED (
        SELECT a.* FROM append_v2(new_items, new_events) a
    ), moved AS (
        UPDATE dossiers d
        SET own_status = (n.standing).status,
            unit = (n.standing).unit,
            officer = (n.standing).officer,
            accepted_at = CASE WHEN (n.standing).unit IS NOT NULL THEN coalesce((n.standing).accepted_at, d.accepted_at) END,
            due_on = (n.standing).due_on,
            intake_due_at = (n.standing).intake_due_at,
            deadline_on = (n.standing).deadline_on,
            answered = (n.standing).answered,
            answer_by = (n.standing).answer_by,
            apologised = (n.standing).apologised,
            requested = (n.standing).requested,
            brought = greatest(d.brought, (n.standing).brought),
            clock = (n.standing).clock,
            acted_on = (n.standing).acted_on,
            number = CASE WHEN (n.standing).unit IS NOT NULL THEN coalesce(n.number, d.number) END,
            version = n.version
        FROM (
            SELECT a.stream_id, a.version, a.numbers[1] AS number, new_standings[a.item] AS standing
            FROM answered a WHERE a.outcome = 'appended'
        ) n
        WHERE d.dossier_id = n.stream_id
    )
    SELECT a.* FROM answered a;
END $$;

REVOKE ALL ON FUNCTION record_v2(new_item_v2[], new_event_v2[], new_standing_v2[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_v2(new_item_v2[], new_event_v2[], new_standing_v2[]) TO {role};
