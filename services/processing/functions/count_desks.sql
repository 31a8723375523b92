-- Whoever writes a row of the queue moves its counts in the same statement, under the head of the log: it takes that first, so
-- that nobody holds rows here for which another waits.
-- What moves alike is added up before its places are asked for.
CREATE OR REPLACE FUNCTION count_desks() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO desk_counts AS c (place, lane, apologised, span, at, dossiers)
        SELECT p.place, p.lane, p.apologised, p.span, p.at, count(*)
        FROM is_now d, places_of(d.own_status, d.unit, d.desk, d.officer, d.lane, d.lane_at, d.apologised, d.due_on) p
        GROUP BY p.place, p.lane, p.apologised, p.span, p.at
        ON CONFLICT ON CONSTRAINT one_count_per_span DO UPDATE SET dossiers = c.dossiers + EXCLUDED.dossiers;
        RETURN NULL;
    END IF;
    WITH alike AS MATERIALIZED (
        SELECT d.own_status, d.unit, d.desk, d.officer, d.lane, d.lane_at, d.apologised, d.due_on, sum(d.n) AS n
        FROM (
            SELECT -1 AS n, w.own_status, w.unit, w.desk, w.officer, w.lane, w.lane_at, w.apologised, w.due_on FROM was w
            UNION ALL
            SELECT 1, i.own_status, i.unit, i.desk, i.officer, i.lane, i.lane_at, i.apologised, i.due_on FROM is_now i
        ) d
        GROUP BY d.own_status, d.unit, d.desk, d.officer, d.lane, d.lane_at, d.apologised, d.due_on
    ), moves AS MATERIALIZED (
        SELECT p.place, p.lane, p.apologised, p.span, p.at, sum(d.n) AS n
        FROM alike d, places_of(d.own_status, d.unit, d.desk, d.officer, d.lane, d.lane_at, d.apologised, d.due_on) p
        WHERE d.n <> 0
        GROUP BY p.place, p.lane, p.apologised, p.span, p.at HAVING sum(d.n) <> 0
    ), gone AS (
        DELETE FROM desk_counts c USING moves m
        WHERE c.place = m.place AND c.lane = m.lane AND c.apologised = m.apologised AND c.span = m.span AND c.at = m.at
            AND c.dossiers + m.n = 0
    )
    INSERT INTO desk_counts AS c (place, lane, apologised, span, at, dossiers)
    SELECT m.place, m.lane, m.apologised, m.span, m.at, m.n FROM moves m
    WHERE NOT EXISTS (
        SELECT FROM desk_counts c
        WHERE c.place = m.place AND c.lane = m.lane AND c.apologised = m.apologised AND c.span = m.span AND c.at = m.at
            AND c.dossiers + m.n = 0
    )
    ON CONFLICT ON CONSTRAINT one_count_per_span DO UPDATE SET dossiers = c.dossiers + EXCLUDED.dossiers;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION count_desks() FROM PUBLIC;
