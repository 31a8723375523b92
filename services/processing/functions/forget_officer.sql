-- Forgets what an officer is called; who did what stays told by code. How many times of service had the name.
CREATE OR REPLACE FUNCTION forget_officer(forgotten text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('officers', 0));
    UPDATE officers SET name = NULL WHERE subject = forgotten AND name IS NOT NULL;
    GET DIAGNOSTICS found = ROW_COUNT;
    RETURN found;
END $$;
REVOKE ALL ON FUNCTION forget_officer(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_officer(text) TO {role};
