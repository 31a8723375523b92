-- The newest position and the time up to which that is all there is: it waits for appends under way, and later ones are recorded later.
-- Never a time to come, also where the last record time is one: later ones are recorded after that.
CREATE OR REPLACE FUNCTION log_position(OUT "position" bigint, OUT complete_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    SELECT coalesce(max(e.position), 0), clock_timestamp() INTO "position", complete_at
    FROM (SELECT e.position FROM events e ORDER BY e.position DESC LIMIT 1) e;
END $$;
REVOKE ALL ON FUNCTION log_position() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_position() TO {role};
