-- Says how the applicant of a dossier is reached from now on, and has notify told; false where nobody is known who could be.
CREATE OR REPLACE FUNCTION set_contact(of_dossier uuid, its_email text, its_phone text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    whose uuid;
    is_other boolean;
BEGIN
    SELECT a.applicant_id INTO whose FROM filings f JOIN applicants a ON a.applicant_id = f.applicant_id
    WHERE f.dossier_id = of_dossier FOR UPDATE OF a;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE applicants SET email = its_email, phone = its_phone
    WHERE applicant_id = whose AND (email, phone) IS DISTINCT FROM (its_email, its_phone);
    is_other := FOUND;
    -- What is given now is what is used: a wish of the filing's day is over.
    DELETE FROM contact_wishes WHERE applicant_id = whose;
    IF is_other OR FOUND THEN
        PERFORM tell_contact_again(ARRAY[whose]);
    END IF;
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION set_contact(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_contact(uuid, text, text) TO {role};
