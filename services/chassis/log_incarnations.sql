-- Which lives a log has had. A new one begins where the database is seen to stand elsewhere than before: on another server, on another
-- timeline of a server (a replica that was promoted, a restore up to a point in time), or as another database (a dump that was restored).
-- Each has a random id, and says behind which position it began: what a reader has beyond that of the life before is lost in the log.
CREATE TABLE log_incarnations (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incarnation uuid NOT NULL DEFAULT gen_random_uuid(),
    began_after bigint NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    place text NOT NULL,
    database_oid oid NOT NULL,
    server_started_at timestamptz NOT NULL
);
COMMENT ON COLUMN log_incarnations.server_started_at IS 'While the same server runs, the place need not be looked at again.';
GRANT SELECT ON log_incarnations TO {role};
\i functions/note_incarnation.sql
\i functions/begin_no_event_before_its_incarnation.sql
-- First, and with it the head of the log: who appends has that before the table.
SELECT note_incarnation();
CREATE TRIGGER a_log_knows_its_incarnation BEFORE INSERT ON events
    FOR EACH STATEMENT EXECUTE FUNCTION begin_no_event_before_its_incarnation();
