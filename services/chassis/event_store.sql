-- The log of one service: a table that is only ever appended to, through one function.
-- Guarantee: `position` is dense and position order is commit order, so a cursor can never skip. Test: test_positions_are_dense_and_in_commit_order.

CREATE TABLE log_head (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row));
INSERT INTO log_head DEFAULT VALUES;
COMMENT ON TABLE log_head IS 'Locked by whoever appends, never written: updated rows bloat under long snapshots.';

CREATE TABLE events (
    position bigint PRIMARY KEY,
    stream_id uuid NOT NULL,
    version integer NOT NULL,
    event_id uuid NOT NULL,
    command_id uuid NOT NULL,
    index smallint NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    correlation_id uuid,
    causation_id uuid,
    traceparent text,
    data json NOT NULL,
    CONSTRAINT one_writer_per_version UNIQUE (stream_id, version),
    CONSTRAINT one_effect_per_command UNIQUE (stream_id, command_id, index)
);

-- Gap-free numbers, drawn under the head lock: a rolled back append gives its numbers back.
CREATE TABLE counters (name text PRIMARY KEY, value bigint NOT NULL);

-- First answers by (caller, key), kept 14 days in weekly partitions (functions/keep_idempotency_weeks.sql): keys are random, and no index over random values may span the log.
CREATE TABLE idempotency_keys (
    week date NOT NULL,
    caller text NOT NULL,
    key text NOT NULL,
    stream_id uuid NOT NULL,
    body_hmac bytea NOT NULL,
    CONSTRAINT one_answer_per_key PRIMARY KEY (caller, key, week)
) PARTITION BY LIST (week);

CREATE TYPE new_item AS (
    stream_id uuid, expected_version integer, command_id uuid, events integer, caller text, key text, body_hmac bytea
);
CREATE TYPE new_event AS (
    item integer, index smallint, stream_id uuid, event_id uuid, command_id uuid, type text, schema_version smallint,
    occurred_at timestamptz, actor text, correlation_id uuid, causation_id uuid, traceparent text, counter text, data text
);

-- Appends a batch of items, each one command's events on one stream, and answers each of them:
--   appended: its events stand at version and position (of its last event), with the numbers drawn for them;
--   repeated: this command, or this caller's key, was answered before: stream and version of then, nothing written;
--   conflict: the stream is not at the expected version: version is where it stands, nothing written.
-- An item without expected version goes to the end of its stream. Two items of one call must not share a stream or a key
-- (the unique constraints refuse the call whole; the caller then sends them one by one).
CREATE FUNCTION append(new_items new_item[], new_events new_event[])
RETURNS TABLE (
    item integer, outcome text, stream_id uuid, version integer, "position" bigint, recorded_at timestamptz,
    body_hmac bytea, numbers bigint[]
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    head bigint;
    last_recorded_at timestamptz;
    recorded timestamptz;
    outcomes text[];
    streams uuid[];      -- of the answer: a repeated key names the first one's stream
    versions integer[];  -- before the append, or of the answer when nothing is appended
    ends bigint[];       -- position of the item's last event
    first_events integer[];
    drawn bigint[];
BEGIN
    -- A statement of its own: in one statement with the reading, the snapshot would be older than the lock.
    PERFORM FROM log_head FOR UPDATE;
    SELECT e.position, e.recorded_at INTO head, last_recorded_at FROM events e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    recorded := greatest(clock_timestamp(), last_recorded_at);

    -- Repeats before conflicts: a call whose answer was lost is sent again with the same ids and succeeds.
    SELECT array_agg(j.outcome ORDER BY j.item), array_agg(j.stream ORDER BY j.item), array_agg(j.version ORDER BY j.item),
           array_agg(j.ends ORDER BY j.item), array_agg(j.first_event ORDER BY j.item)
    INTO outcomes, streams, versions, ends, first_events
    FROM (
        SELECT i.item, i.outcome, i.stream, i.version,
               head + sum(CASE i.outcome WHEN 'appended' THEN i.events ELSE 0 END) OVER (ORDER BY i.item) AS ends,
               (1 + sum(i.events) OVER (ORDER BY i.item) - i.events)::integer AS first_event
        FROM (
            SELECT a.item::integer AS item, a.events,
                   coalesce(known.stream_id, a.stream_id) AS stream,
                   CASE WHEN known.stream_id IS NOT NULL OR done.version IS NOT NULL THEN 'repeated'
                        WHEN a.expected_version <> coalesce(latest.version, 0) THEN 'conflict'
                        ELSE 'appended' END AS outcome,
                   coalesce(done.version, CASE WHEN known.stream_id IS NULL THEN latest.version ELSE 1 END, 0) AS version
            FROM unnest(new_items) WITH ORDINALITY
                AS a(stream_id, expected_version, command_id, events, caller, key, body_hmac, item)
            LEFT JOIN LATERAL (
                SELECT k.stream_id FROM idempotency_keys k WHERE k.caller = a.caller AND k.key = a.key LIMIT 1
            ) known ON a.key IS NOT NULL
            LEFT JOIN LATERAL (
                SELECT e.version FROM events e WHERE e.stream_id = a.stream_id AND e.command_id = a.command_id
                ORDER BY e.index DESC LIMIT 1
            ) done ON true
            LEFT JOIN LATERAL (
                SELECT e.version FROM events e WHERE e.stream_id = a.stream_id ORDER BY e.version DESC LIMIT 1
            ) latest ON true
        ) i
    ) j;

    IF EXISTS (SELECT FROM unnest(new_events) n WHERE n.counter IS NOT NULL) THEN
        SELECT array_agg(CASE WHEN n.drawing THEN coalesce(c.value, 0) + n.turn ELSE 0 END ORDER BY n.place) INTO drawn
        FROM (
            SELECT u.place, u.counter, u.drawing,
                   count(*) FILTER (WHERE u.drawing) OVER (PARTITION BY u.counter ORDER BY u.place) AS turn
            FROM (
                SELECT e.place, e.counter, e.counter IS NOT NULL AND outcomes[e.item] = 'appended' AS drawing
                FROM unnest(new_events) WITH ORDINALITY
                    AS e(item, index, stream_id, event_id, command_id, type, schema_version, occurred_at, actor,
                         correlation_id, causation_id, traceparent, counter, data, place)
            ) u
        ) n
        LEFT JOIN counters c ON c.name = n.counter;
        INSERT INTO counters (name, value)
        SELECT e.counter, max(drawn[e.place])
        FROM unnest(new_events) WITH ORDINALITY
            AS e(item, index, stream_id, event_id, command_id, type, schema_version, occurred_at, actor,
                 correlation_id, causation_id, traceparent, counter, data, place)
        WHERE drawn[e.place] > 0
        GROUP BY e.counter
        ON CONFLICT (name) DO UPDATE SET value = excluded.value;
    END IF;

    INSERT INTO events (position, stream_id, version, event_id, command_id, index, type, schema_version, occurred_at,
                        recorded_at, actor, correlation_id, causation_id, traceparent, data)
    SELECT ends[n.item] - (new_items[n.item]).events + n.index + 1, n.stream_id, versions[n.item] + n.index + 1,
           n.event_id, n.command_id, n.index, n.type, n.schema_version, n.occurred_at, recorded, n.actor, n.correlation_id,
           n.causation_id, n.traceparent,
           (CASE WHEN drawn[n.place] > 0
                 THEN '{"number":' || drawn[n.place] || CASE n.data WHEN '{}' THEN '}' ELSE ',' || substr(n.data, 2) END
                 ELSE n.data END)::json
    FROM unnest(new_events) WITH ORDINALITY
        AS n(item, index, stream_id, event_id, command_id, type, schema_version, occurred_at, actor, correlation_id,
             causation_id, traceparent, counter, data, place)
    WHERE outcomes[n.item] = 'appended';

    INSERT INTO idempotency_keys (week, caller, key, stream_id, body_hmac)
    SELECT date_trunc('week', recorded AT TIME ZONE 'UTC')::date, i.caller, i.key, i.stream_id, i.body_hmac
    FROM unnest(new_items) WITH ORDINALITY
        AS i(stream_id, expected_version, command_id, events, caller, key, body_hmac, item)
    WHERE i.key IS NOT NULL AND outcomes[i.item] = 'appended';

    RETURN QUERY
    SELECT i.item::integer, outcomes[i.item], streams[i.item],
           CASE outcomes[i.item] WHEN 'appended' THEN versions[i.item] + i.events ELSE versions[i.item] END,
           CASE outcomes[i.item] WHEN 'appended' THEN ends[i.item] END,
           CASE outcomes[i.item] WHEN 'appended' THEN recorded
                WHEN 'repeated' THEN (SELECT e.recorded_at FROM events e
                                      WHERE e.stream_id = streams[i.item] AND e.version = versions[i.item]) END,
           CASE WHEN outcomes[i.item] = 'repeated' AND i.key IS NOT NULL THEN
                (SELECT k.body_hmac FROM idempotency_keys k WHERE k.caller = i.caller AND k.key = i.key LIMIT 1) END,
           array_remove(drawn[first_events[i.item]:first_events[i.item] + i.events - 1], 0)
    FROM unnest(new_items) WITH ORDINALITY
        AS i(stream_id, expected_version, command_id, events, caller, key, body_hmac, item);
END $$;

REVOKE ALL ON FUNCTION append(new_item[], new_event[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append(new_item[], new_event[]) TO {role};
GRANT SELECT ON events, log_head, counters, idempotency_keys TO {role};

\i functions/log_position.sql
