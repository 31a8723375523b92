-- Has `contacts` say anew what is held of these applicants now; who is erased or was never known is passed over.
CREATE OR REPLACE FUNCTION tell_contact_again(whom uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    who uuid;
BEGIN
    -- One by one: the number of each follows from the one before.
    FOR who IN SELECT a.applicant_id FROM applicants a WHERE a.applicant_id = ANY (whom) LOOP
        INSERT INTO contact_changes (position, applicant_id) VALUES (0, who);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION tell_contact_again(uuid[]) FROM PUBLIC;
