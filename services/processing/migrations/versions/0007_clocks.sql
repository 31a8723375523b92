-- All dossiers of one clock that are due on the same day move together. Those of before have none until somebody acts on them:
-- their histories are read.
ALTER TABLE dossiers ADD COLUMN clock text, ADD COLUMN acted_on date;
COMMENT ON COLUMN dossiers.clock IS 'what due_on follows from, where nothing else waits for a date; null: the history says it';
COMMENT ON COLUMN dossiers.acted_on IS 'day of the latest act: no later one is dated before';

DROP FUNCTION record(new_item[], new_event[], new_standing[]);
DROP TYPE new_standing;
CREATE TYPE new_standing AS (
    item integer, status text, unit text, officer text, accepted_at timestamptz, due_on date, intake_due_at timestamptz,
    deadline_on date, answered integer, answer_by date, apologised boolean, requested integer, brought integer, clock text,
    acted_on date
);

-- Appends a batch and moves the queue rows of what was appended: one call, one transaction. Item i has its standing, the
-- state after its events, at place i of new_standings. Answers as append() does. A dossier without unit is not accepted, or no
-- longer: its code is free of it, and its number is never drawn again.
CREATE FUNCTION record(new_items new_item[], new_events new_event[], new_standings new_standing[])
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
        SELECT a.* FROM append(new_items, new_events) a
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

REVOKE ALL ON FUNCTION record(new_item[], new_event[], new_standing[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record(new_item[], new_event[], new_standing[]) TO {role};

-- Moves the due dates of the open dossiers in (after_id, up_to_id] whose clock and due date are those of a place of the arrays, and
-- appends to each its event, the data of that place; how many. As append() does: under the head of the log, position after
-- position, never recorded earlier than the last. What does not stand as it was when it was decided does not match and stays: a
-- call that is made again moves nothing twice. Ids count on from the first one.
CREATE FUNCTION move_due_dates(
    after_id uuid, up_to_id uuid, today date, clocks text[], due_dates date[], new_due_dates date[], datas text[],
    event_type text, event_schema smallint, first_id uuid, at timestamptz, by_actor text, recount uuid
) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_mergejoin = off AS $$
DECLARE
    head bigint;
    recorded timestamptz;
    id_begin text := left(first_id::text, 24);
    id_end bigint := ('x' || right(first_id::text, 12))::bit(48)::bigint;
    moved integer;
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    SELECT e.position, greatest(clock_timestamp(), e.recorded_at) INTO head, recorded
    FROM events e ORDER BY e.position DESC LIMIT 1;
    WITH moves AS MATERIALIZED (
        SELECT m.clock, m.due_on, m.new_due_on, m.data::json AS data
        FROM unnest(clocks, due_dates, new_due_dates, datas) AS m(clock, due_on, new_due_on, data)
    ), moving AS (
        UPDATE dossiers d SET due_on = m.new_due_on, acted_on = today, version = d.version + 1
        FROM moves m
        WHERE d.dossier_id > after_id AND d.dossier_id <= up_to_id
            AND d.own_status IN ('submitted', 'accepted', 'in_processing', 'supplement_requested', 'payment_requested')
            AND d.clock = m.clock AND d.due_on = m.due_on AND d.acted_on <= today
        RETURNING d.dossier_id, d.version, m.data
    ), placed AS (
        SELECT n.*, (id_begin || lpad(to_hex((id_end + n.place) & 281474976710655), 12, '0'))::uuid AS id
        FROM (SELECT m.*, row_number() OVER () AS place FROM moving m) n
    )
    INSERT INTO events (position, stream_id, version, event_id, command_id, index, type, schema_version, occurred_at,
                        recorded_at, actor, correlation_id, data)
    SELECT head + p.place, p.dossier_id, p.version, p.id, p.id, 0, event_type, event_schema, at, recorded, by_actor, recount, p.data
    FROM placed p;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END $$;

REVOKE ALL ON FUNCTION move_due_dates(
    uuid, uuid, date, text[], date[], date[], text[], text, smallint, uuid, timestamptz, text, uuid
) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION move_due_dates(
    uuid, uuid, date, text[], date[], date[], text[], text, smallint, uuid, timestamptz, text, uuid
) TO {role};

-- As before; what moves alike is added up before its places are asked for.
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
