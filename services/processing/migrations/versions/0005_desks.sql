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

\i ../../functions/count_desks.sql
CREATE TRIGGER count_new AFTER INSERT ON dossiers
    REFERENCING NEW TABLE AS is_now FOR EACH STATEMENT EXECUTE FUNCTION count_desks();
CREATE TRIGGER count_moved AFTER UPDATE ON dossiers
    REFERENCING OLD TABLE AS was NEW TABLE AS is_now FOR EACH STATEMENT EXECUTE FUNCTION count_desks();

INSERT INTO desk_counts (place, lane, apologised, span, at, dossiers)
SELECT p.place, p.lane, p.apologised, p.span, p.at, count(*)
FROM dossiers d, places_of(d.own_status, d.unit, d.desk, d.officer, d.lane, d.lane_at, d.apologised, d.due_on) p
GROUP BY p.place, p.lane, p.apologised, p.span, p.at;

\i ../../functions/move_intake_limits.sql

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
