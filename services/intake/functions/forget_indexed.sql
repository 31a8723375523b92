-- Who was changed or erased is not found by what was known of them before.
CREATE OR REPLACE FUNCTION forget_indexed() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM people_index p WHERE p.applicant_id = OLD.applicant_id;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION forget_indexed() FROM PUBLIC;
