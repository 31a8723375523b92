-- A trigger, not a line of an append function: it holds for every function that writes the log, the release before's too.
CREATE OR REPLACE FUNCTION begin_no_event_before_its_incarnation() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM note_incarnation();
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION begin_no_event_before_its_incarnation() FROM PUBLIC;
