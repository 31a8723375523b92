-- `desk` has the dossier: the unit that holds it; before acceptance, and when the result is to be handed over, its office.
-- `lane` says what is to be done beside the clock of a held dossier, and `lane_at` (local time) sorts it: the least hurts first.
ALTER TABLE dossiers
    ADD COLUMN requested integer,
    ADD COLUMN brought integer NOT NULL DEFAULT 0,
    ADD COLUMN desk text GENERATED ALWAYS AS (
        CASE WHEN own_status IN ('submitted', 'resolved') OR unit IS NULL THEN office ELSE unit END
    ) STORED,
    ADD COLUMN lane text GENERATED ALWAYS AS (
        CASE
            WHEN own_status = 'resolved' THEN 'result'
            WHEN own_status IN ('rejected', 'withdrawn', 'stopped', 'returned') THEN NULL
            WHEN asked > answered THEN 'withdrawal'
            WHEN own_status = 'submitted' THEN 'waiting'
            WHEN own_status IN ('supplement_requested', 'payment_requested') THEN
                CASE WHEN brought >= requested THEN 'brought' ELSE 'applicant' END
        END
    ) STORED,
    ADD COLUMN lane_at timestamp GENERATED ALWAYS AS (
        CASE
            WHEN own_status = 'submitted' THEN coalesce(intake_due_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'infinity')
            WHEN own_status = 'supplement_requested' AND brought >= requested AND asked <= answered
                THEN coalesce(supplied_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'infinity')
            WHEN own_status IN ('supplement_requested', 'payment_requested') AND asked <= answered
                THEN coalesce(deadline_on::timestamp, 'infinity')
            ELSE coalesce(due_on::timestamp, 'infinity')
        END
    ) STORED;
COMMENT ON COLUMN dossiers.requested IS 'version of the request for papers or for a fee that waits for the applicant';
COMMENT ON COLUMN dossiers.brought IS 'version of the last request to which something came that an officer must look at';

UPDATE dossiers d SET
    requested = (
        SELECT max(e.version) FROM events e
        WHERE e.stream_id = d.dossier_id AND e.type IN ('SupplementRequested', 'FeeRequested')
    ),
    brought = coalesce((SELECT max(h.request) FROM heard h WHERE h.dossier_id = d.dossier_id), 0)
WHERE own_status IN ('supplement_requested', 'payment_requested');

-- A page of a queue is one stretch of one of these, or two.
CREATE INDEX dossiers_by_lane ON dossiers (desk, lane, lane_at, dossier_id) WHERE lane IS NOT NULL;
CREATE INDEX dossiers_held ON dossiers (desk, apologised, (coalesce(due_on, 'infinity')::timestamp), dossier_id)
    WHERE own_status IN ('accepted', 'in_processing', 'supplement_requested', 'payment_requested') AND unit IS NOT NULL;
CREATE INDEX dossiers_mine ON dossiers (desk, officer, apologised, (coalesce(due_on, 'infinity')::timestamp), dossier_id)
    WHERE own_status IN ('accepted', 'in_processing', 'supplement_requested', 'payment_requested')
        AND unit IS NOT NULL AND officer IS NOT NULL;

-- How many stand in each lane of each place. A place is "desk D" or "officer D SUBJECT". What a queue cuts by time is counted by
-- month and by day of what it is sorted by, what waits for acceptance by the minute too; the rest under infinity. So a count adds up
-- a few dozen rows at most. A row that comes to nothing is gone.
CREATE TABLE desk_counts (
    place text NOT NULL,
    lane text NOT NULL,
    apologised boolean NOT NULL,
    span text NOT NULL,
    at timestamp NOT NULL,
    dossiers bigint NOT NULL,
    CONSTRAINT one_count_per_span PRIMARY KEY (place, lane, apologised, span, at)
) WITH (fillfactor = 50);

-- Where a row of the queue is counted. Inlined where it is called.
CREATE FUNCTION places_of(
    own_status text, unit text, desk text, officer text, lane text, lane_at timestamp, apologised boolean, due_on date
) RETURNS TABLE (place text, lane text, apologised boolean, span text, at timestamp)
LANGUAGE sql IMMUTABLE AS $$
    SELECT p.place, p.lane, p.apologised, s.span, date_trunc(s.span, p.at)
    FROM (VALUES
        ('desk ' || desk, lane, false, CASE WHEN lane = 'waiting' THEN lane_at ELSE 'infinity' END),
        (
            CASE WHEN own_status IN ('accepted', 'in_processing', 'supplement_requested', 'payment_requested')
                AND unit IS NOT NULL THEN 'desk ' || desk END,
            'held', apologised, coalesce(due_on, 'infinity')::timestamp
        ),
        (
            CASE WHEN own_status IN ('accepted', 'in_processing', 'supplement_requested', 'payment_requested')
                AND unit IS NOT NULL THEN 'officer ' || desk || ' ' || officer END,
            'held', apologised, coalesce(due_on, 'infinity')::timestamp
        )
    ) AS p(place, lane, apologised, at), (VALUES ('month'), ('day'), ('minute')) AS s(span)
    WHERE p.place IS NOT NULL AND p.lane IS NOT NULL
        AND CASE s.span WHEN 'day' THEN p.at < 'infinity' WHEN 'minute' THEN p.lane = 'waiting' ELSE true END
$$;

-- Whoever writes a row of the queue moves its counts in the same statement, under the head of the log: it takes that first, so
-- that nobody holds rows here for which another waits.
CREATE FUNCTION count_desks() RETURNS trigger
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
    WITH moves AS MATERIALIZED (
        SELECT p.place, p.lane, p.apologised, p.span, p.at, sum(d.n) AS n
        FROM (SELECT -1 AS n, w.* FROM was w UNION ALL SELECT 1, i.* FROM is_now i) d,
            places_of(d.own_status, d.unit, d.desk, d.officer, d.lane, d.lane_at, d.apologised, d.due_on) p
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
CREATE TRIGGER count_new AFTER INSERT ON dossiers
    REFERENCING NEW TABLE AS is_now FOR EACH STATEMENT EXECUTE FUNCTION count_desks();
CREATE TRIGGER count_moved AFTER UPDATE ON dossiers
    REFERENCING OLD TABLE AS was NEW TABLE AS is_now FOR EACH STATEMENT EXECUTE FUNCTION count_desks();

INSERT INTO desk_counts (place, lane, apologised, span, at, dossiers)
SELECT p.place, p.lane, p.apologised, p.span, p.at, count(*)
FROM dossiers d, places_of(d.own_status, d.unit, d.desk, d.officer, d.lane, d.lane_at, d.apologised, d.due_on) p
GROUP BY p.place, p.lane, p.apologised, p.span, p.at;

-- As before, under the head of the log.
CREATE OR REPLACE FUNCTION move_intake_limits(dossier_ids uuid[], versions integer[], limits timestamptz[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    UPDATE dossiers d SET intake_due_at = n.intake_due_at
    FROM unnest(dossier_ids, versions, limits) AS n(dossier_id, version, intake_due_at)
    WHERE d.dossier_id = n.dossier_id AND d.version = n.version AND d.own_status = 'submitted';
END $$;

-- What became of a payment. One that waits for an officer brings its dossier to them.
CREATE FUNCTION keep_outcome(of_dossier uuid, of_sequence integer, what_became text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    UPDATE heard SET outcome = what_became WHERE dossier_id = of_dossier AND sequence = of_sequence;
    UPDATE dossiers SET brought = greatest(brought, requested)
    WHERE dossier_id = of_dossier AND what_became = 'waits' AND own_status = 'payment_requested';
END $$;
REVOKE ALL ON FUNCTION keep_outcome(uuid, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_outcome(uuid, integer, text) TO {role};
REVOKE UPDATE (outcome) ON heard FROM {role};
GRANT SELECT ON desk_counts TO {role};
GRANT UPDATE (brought) ON dossiers TO {role};

DROP FUNCTION record(new_item[], new_event[], new_standing[]);
DROP TYPE new_standing;
CREATE TYPE new_standing AS (
    item integer, status text, unit text, officer text, accepted_at timestamptz, due_on date, intake_due_at timestamptz,
    deadline_on date, answered integer, answer_by date, apologised boolean, requested integer, brought integer
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
