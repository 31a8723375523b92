-- Who serves in which unit, both days included. Their names are official, and in no event, log line or metric.
CREATE TABLE officers (
    subject text NOT NULL,
    unit text NOT NULL,
    since date NOT NULL,
    until date,
    name text,
    told_by text NOT NULL,
    told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT one_row_per_time_of_service PRIMARY KEY (subject, unit, since),
    CONSTRAINT a_time_of_service_has_days CHECK (until IS NULL OR since <= until)
);
COMMENT ON COLUMN officers.told_by IS 'who told it, as role/subject; provider where a token or a log-in did';
CREATE INDEX officers_by_unit ON officers (unit, subject, since);

-- Who has a dossier now, or was said to be absent or to stand in, is one already.
INSERT INTO officers (subject, unit, since, told_by)
SELECT DISTINCT n.subject, n.unit, date '2000-01-01', 'provider' FROM (
    SELECT d.officer AS subject, d.unit FROM dossiers d WHERE d.officer IS NOT NULL AND d.unit IS NOT NULL
    UNION SELECT a.officer, a.unit FROM absences a
    UNION SELECT a.substitute, a.unit FROM absences a
) n;

\i ../../functions/keep_met_officers.sql
\i ../../functions/keep_told_officers.sql
GRANT SELECT ON officers TO {role};
