-- All dossiers of one clock that are due on the same day move together. Those of before have none until somebody acts on them:
-- their histories are read.
ALTER TABLE dossiers ADD COLUMN clock text, ADD COLUMN acted_on date;
COMMENT ON COLUMN dossiers.clock IS 'what due_on follows from, where nothing else waits for a date; null: the history says it';
COMMENT ON COLUMN dossiers.acted_on IS 'day of the latest act: no later one is dated before';

DROP FUNCTION IF EXISTS record(new_item[], new_event[], new_standing[]);
DROP TYPE IF EXISTS new_standing;
CREATE TYPE new_standing AS (
    item integer, status text, unit text, officer text, accepted_at timestamptz, due_on date, intake_due_at timestamptz,
    deadline_on date, answered integer, answer_by date, apologised boolean, requested integer, brought integer, clock text,
    acted_on date
);

\i ../../functions/record.sql

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

\i ../../functions/count_desks.sql
