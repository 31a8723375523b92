-- What is held is counted as it moves, so that looking at it costs the same however much there is.
CREATE TABLE held_counts (
    reader text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    reason text NOT NULL,
    streams bigint NOT NULL,
    messages bigint NOT NULL,
    PRIMARY KEY (reader, topic, partition, reason)
) WITH (fillfactor = 50);
COMMENT ON TABLE held_counts IS 'Members of a group have partitions of their own, and so rows of their own; summed on reading.';
COMMENT ON COLUMN held_counts.reason IS 'empty for whatever reason: a stream with two reasons is counted once there';
GRANT SELECT ON held_counts TO {role};

CREATE TYPE held_move AS (
    reader text, topic text, partition integer, reason text, stream_id uuid, came integer, went integer
);
LOCK TABLE held IN SHARE ROW EXCLUSIVE MODE;
\i functions/count_held.sql
CREATE TRIGGER held_rows_that_came AFTER INSERT ON held
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION count_held();
CREATE TRIGGER held_rows_that_went AFTER DELETE ON held
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION count_held();
CREATE TRIGGER held_rows_that_changed AFTER UPDATE ON held
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION count_held();
INSERT INTO held_counts (reader, topic, partition, reason, streams, messages)
SELECT h.reader, h.topic, h.partition, kind.reason, count(DISTINCT coalesce(h.stream_id::text, h.held_id::text)), count(*)
FROM held h, LATERAL (VALUES (h.reason), ('')) kind(reason) GROUP BY 1, 2, 3, 4;

CREATE INDEX held_by_age ON held (reader, held_at);
CREATE INDEX held_faults ON held (reader, held_id) WHERE reason IN ('poison', 'unknown-type');
CREATE INDEX held_without_letter ON held (reader, held_id) WHERE reason = 'poison' AND dead_lettered_at IS NULL;
