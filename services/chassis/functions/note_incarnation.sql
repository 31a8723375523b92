-- Begins a new incarnation of the log if the database stands elsewhere than when it was last looked at. The first one begins at 0: what
-- stands in a log of before was recorded in it.
CREATE OR REPLACE FUNCTION note_incarnation() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    known log_incarnations;
    own_oid oid := (SELECT oid FROM pg_database WHERE datname = current_database());
    here text;
BEGIN
    SELECT * INTO known FROM log_incarnations ORDER BY number DESC LIMIT 1;
    IF known.server_started_at = pg_postmaster_start_time() AND known.database_oid = own_oid THEN
        RETURN;
    END IF;
    -- Under the head lock: nothing is appended between the look and the row.
    PERFORM FROM log_head FOR UPDATE;
    SELECT * INTO known FROM log_incarnations ORDER BY number DESC LIMIT 1;
    -- The timeline of what is written now: the control file learns of a promotion only at the next checkpoint.
    here := (SELECT system_identifier FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
        || '/' || own_oid;
    IF known.place = here THEN
        UPDATE log_incarnations SET server_started_at = pg_postmaster_start_time() WHERE number = known.number;
    ELSE
        INSERT INTO log_incarnations (began_after, place, database_oid, server_started_at)
        SELECT CASE WHEN known.number IS NULL THEN 0 ELSE coalesce(max(position), 0) END, here, own_oid, pg_postmaster_start_time()
        FROM events;
    END IF;
END $$;
REVOKE ALL ON FUNCTION note_incarnation() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_incarnation() TO {role};
