-- A trigger, not a line of an append function: it holds for every function that writes the log.
CREATE OR REPLACE FUNCTION take_nothing_ahead_of_the_clock() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
    IF log_is_ahead() THEN
        RAISE EXCEPTION 'clock-behind-log' USING ERRCODE = 'MC003';
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION take_nothing_ahead_of_the_clock() FROM PUBLIC;
