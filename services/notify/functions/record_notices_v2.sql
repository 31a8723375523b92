-- Records how e-mails ended, and ends their waiting in the same call.
-- Guarantee: who records behind a claim that was taken over says that it is ambiguous. Test: test_a_late_record_says_that_it_is_ambiguous.
CREATE OR REPLACE FUNCTION record_notices_v2(new_items new_item_v2[], new_events new_event_v2[], outcomes mail_outcome_v2[])
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
                                  THEN (n.data::jsonb || '{"ambiguous": true}')::text ELSE n.data END)::new_event_v2
                         ORDER BY n.item, n.index)
        INTO new_events
        FROM unnest(new_events) n;
    END IF;
    RETURN QUERY
        WITH answered AS MATERIALIZED (SELECT * FROM append_v2(new_items, new_events)), counted AS (
            INSERT INTO ambiguous_notices (notice_id)
            SELECT n.command_id
            FROM answered a JOIN unnest(new_events) n ON n.item = a.item
            WHERE a.outcome = 'appended' AND (n.data::json ->> 'ambiguous')::boolean
        )
        SELECT * FROM answered;
    DELETE FROM mails m USING unnest(outcomes) o WHERE m.notice_id = o.notice_id;
END $$;

REVOKE ALL ON FUNCTION record_notices_v2(new_item_v2[], new_event_v2[], mail_outcome_v2[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_notices_v2(new_item_v2[], new_event_v2[], mail_outcome_v2[]) TO {role};
