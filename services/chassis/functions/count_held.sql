-- Moves held_counts with the rows of held, in the same transaction. Guarantee: a count is that of its rows. Test: test_held_rows_are_counted_as_they_move.
CREATE OR REPLACE FUNCTION count_held() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moves held_move[];
BEGIN
    -- Tables that stand aside have counts of their own; until this function ends.
    IF TG_TABLE_SCHEMA <> 'public' THEN
        PERFORM set_config('search_path', quote_ident(TG_TABLE_SCHEMA) || ', public, pg_temp', true);
    END IF;
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg((c.reader, c.topic, c.partition, c.reason, c.stream_id, c.rows, 0)::held_move) INTO moves
        FROM (SELECT h.reader, h.topic, h.partition, h.reason, h.stream_id, count(*) AS rows
              FROM came h GROUP BY 1, 2, 3, 4, 5) c;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg((w.reader, w.topic, w.partition, w.reason, w.stream_id, 0, w.rows)::held_move) INTO moves
        FROM (SELECT h.reader, h.topic, h.partition, h.reason, h.stream_id, count(*) AS rows
              FROM went h GROUP BY 1, 2, 3, 4, 5) w;
    ELSE
        SELECT array_agg((m.reader, m.topic, m.partition, m.reason, m.stream_id, m.came, m.went)::held_move) INTO moves
        FROM (
            SELECT r.reader, r.topic, r.partition, r.reason, r.stream_id, sum(r.came) AS came, sum(r.went) AS went
            FROM (
                SELECT n.reader, n.topic, n.partition, n.reason, n.stream_id, 1 AS came, 0 AS went
                FROM came n JOIN went o USING (held_id) WHERE n.reason <> o.reason
                UNION ALL
                SELECT o.reader, o.topic, o.partition, o.reason, o.stream_id, 0, 1
                FROM came n JOIN went o USING (held_id) WHERE n.reason <> o.reason
            ) r GROUP BY 1, 2, 3, 4, 5
        ) m;
    END IF;
    -- A stream is counted where it has a row now, and was where it had one before. What has no stream is counted row by row.
    INSERT INTO held_counts AS c (reader, topic, partition, reason, streams, messages)
    SELECT g.reader, g.topic, g.partition, g.reason,
           sum(CASE WHEN g.stream_id IS NULL THEN g.came - g.went
                    ELSE (standing.rows > 0)::integer - (standing.rows > g.came OR g.went > 0)::integer END),
           sum(g.came - g.went)
    FROM (
        SELECT m.reader, m.topic, m.partition, kind.reason, m.stream_id, sum(m.came) AS came, sum(m.went) AS went
        FROM unnest(moves) m, LATERAL (VALUES (m.reason), ('')) kind(reason) GROUP BY 1, 2, 3, 4, 5
    ) g, LATERAL (
        SELECT count(*) AS rows FROM (
            SELECT FROM held h WHERE h.stream_id = g.stream_id AND h.reader = g.reader AND h.topic = g.topic
                AND h.partition = g.partition AND (g.reason = '' OR h.reason = g.reason) LIMIT g.came + 1
        ) few
    ) standing
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (reader, topic, partition, reason) DO UPDATE
    SET streams = c.streams + excluded.streams, messages = c.messages + excluded.messages;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION count_held() FROM PUBLIC;
