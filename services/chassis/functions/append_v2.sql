-- Appends a batch of items, each one command's events on one stream, and answers each of them:
--   appended: its events stand at version and position (of its last event), with the numbers drawn for them;
--   repeated: this command, or this caller's key, was answered before: stream and version of then, nothing written;
--   conflict: the stream is not at the expected version: version is where it stands, nothing written.
-- An item without expected version goes to the end of its stream. Two items of one call must not share a stream or a key
-- (the unique constraints refuse the call whole; the caller then sends them one by one).
-- With `last_number`, a table of the caller's knows the last number drawn of its one counter: a row of `counters` that every
-- append updates would bloat under long snapshots.
CREATE OR REPLACE FUNCTION append_v2(new_items new_item_v2[], new_events new_event_v2[], last_number bigint DEFAULT NULL)
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
    -- Sorted once: PostgreSQL 15 sorts for each aggregate that has an order of its own.
    SELECT array_agg(j.outcome), array_agg(j.stream), array_agg(j.version), array_agg(j.ends), array_agg(j.first_event)
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
        ORDER BY i.item
    ) j;

    IF EXISTS (SELECT FROM unnest(new_events) n WHERE n.counter IS NOT NULL) THEN
        SELECT array_agg(CASE WHEN n.drawing THEN coalesce(last_number, c.value, 0) + n.turn ELSE 0 END ORDER BY n.place) INTO drawn
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
        IF last_number IS NULL THEN
            INSERT INTO counters (name, value)
            SELECT e.counter, max(drawn[e.place])
            FROM unnest(new_events) WITH ORDINALITY
                AS e(item, index, stream_id, event_id, command_id, type, schema_version, occurred_at, actor,
                     correlation_id, causation_id, traceparent, counter, data, place)
            WHERE drawn[e.place] > 0
            GROUP BY e.counter
            ON CONFLICT (name) DO UPDATE SET value = excluded.value;
        END IF;
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

REVOKE ALL ON FUNCTION append_v2(new_item_v2[], new_event_v2[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_v2(new_item_v2[], new_event_v2[], bigint) TO {role};
