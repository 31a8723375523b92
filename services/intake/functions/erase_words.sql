-- Erases what officers said of a dossier, or to an applicant, and has notify told so. What stays is that something was said.
CREATE OR REPLACE FUNCTION erase_words(of_dossier uuid, of_applicant uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    whom uuid[];
BEGIN
    WITH gone AS (
        UPDATE officer_words w SET sealed = NULL
        WHERE w.sealed IS NOT NULL AND (w.dossier_id = of_dossier OR w.applicant_id = of_applicant) RETURNING w.applicant_id
    )
    SELECT array_agg(DISTINCT g.applicant_id) INTO whom FROM gone g;
    PERFORM tell_contact_again(whom);
END $$;
REVOKE ALL ON FUNCTION erase_words(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_words(uuid, uuid) TO {role};
