-- Whether the log's last record time lies so far ahead of the clock that appends would be recorded at a time that is not true.
-- Record time never goes back, so until then all would bear that one time. Whoever owns the database may accept that.
-- plpgsql keeps its plan; a function of SQL was planned anew in each append, for longer than it runs.
CREATE OR REPLACE FUNCTION log_is_ahead() RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN coalesce((
        SELECT e.recorded_at > clock_timestamp() + interval '5 seconds'
            AND NOT EXISTS (SELECT FROM log_clock_accepted a WHERE a.up_to >= e.recorded_at)
        FROM events e ORDER BY e.position DESC LIMIT 1
    ), false);
END $$;
REVOKE ALL ON FUNCTION log_is_ahead() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_is_ahead() TO {role};
