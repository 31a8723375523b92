-- Records the endings of the oldest batches in one call, in the order in which they were decided, and tells what they were.
-- A dossier's notices go in as one item under its first notice's id; the batch's row, deleted here, is what makes it once.
-- Guarantee: an ending that needs no carrier is recorded exactly once, however often and by however many this is called. Test: test_two_who_record_the_inbox_say_it_once.
CREATE OR REPLACE FUNCTION record_unsaid_v2(batches integer, at timestamptz, who text)
RETURNS TABLE (type text, channel text, reason text, notices bigint, oldest_recorded_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    gone unsaid[];
    new_items new_item_v2[];
    new_events new_event_v2[];
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
    SELECT (SELECT array_agg(ROW(i.dossier_id, NULL, i.command_id, i.events, NULL, NULL, NULL)::new_item_v2 ORDER BY i.item)
            FROM (SELECT s.item, s.dossier_id, s.command_id, count(*)::integer AS events
                  FROM said s GROUP BY s.item, s.dossier_id, s.command_id) i),
           (SELECT array_agg(ROW(s.item, s.index, s.dossier_id, s.event_id, s.command_id, s.type, 1, at, who, NULL,
                                 s.about_event_id, s.traceparent, NULL, s.data)::new_event_v2 ORDER BY s.item, s.index)
            FROM said s)
    INTO new_items, new_events;

    SELECT array_agg(DISTINCT a.outcome) INTO outcomes FROM append_v2(new_items, new_events) a;
    IF outcomes <> ARRAY['appended'] THEN
        RAISE EXCEPTION 'an unsaid notice is already in the log: %', outcomes;
    END IF;
    RETURN QUERY
        SELECT n.type, n.channel, n.data::json ->> 'reason', count(*), min(u.oldest_recorded_at)
        FROM unnest(gone) u CROSS JOIN LATERAL unnest(u.types, u.channels, u.data) AS n(type, channel, data)
        GROUP BY 1, 2, 3;
END $$;

REVOKE ALL ON FUNCTION record_unsaid_v2(integer, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_unsaid_v2(integer, timestamptz, text) TO {role};
