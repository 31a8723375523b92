-- Which positions of each producer's log a reader has, beside its effects; which positions a relay published elsewhere or before
-- messages bore them. Compared, they say whether anything is missing between a log and its readers.

CREATE TABLE reader_marks (
    reader text NOT NULL,
    producer text NOT NULL,
    positions int8multirange NOT NULL,
    last_position bigint,
    last_id uuid,
    adopts_until timestamptz
);
COMMENT ON COLUMN reader_marks.last_id IS 'the event at last_position';
COMMENT ON COLUMN reader_marks.adopts_until IS 'until when the row takes what was passed as there: infinity until somebody looks; null in all others';
GRANT SELECT, INSERT, UPDATE, DELETE ON reader_marks TO {role};

-- A reader with a past: the release before marks nothing.
INSERT INTO reader_marks (reader, producer, positions, adopts_until)
SELECT p.reader, v.producer, '{}', 'infinity'
FROM (SELECT DISTINCT reader FROM reader_positions WHERE position > 0) p, (SELECT DISTINCT producer FROM applied_versions) v;

ALTER TABLE held ADD COLUMN producer text, ADD COLUMN log_position bigint;
COMMENT ON COLUMN held.log_position IS 'in the log of the producer; null where the message does not say';
CREATE INDEX held_by_position ON held (reader, producer, log_position) WHERE log_position IS NOT NULL;

ALTER TABLE IF EXISTS relay_cursors
    ADD COLUMN placed_to bigint NOT NULL DEFAULT 0,
    ADD COLUMN unplaced_to bigint NOT NULL DEFAULT 0,
    ADD COLUMN apart jsonb NOT NULL DEFAULT '{}';
