-- How the applicant of a dossier is reached now; no row where nobody is known.
CREATE OR REPLACE FUNCTION contact_of(of_dossier uuid) RETURNS TABLE (email text, phone text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.email, a.phone FROM filings f JOIN applicants a ON a.applicant_id = f.applicant_id WHERE f.dossier_id = of_dossier
$$;
REVOKE ALL ON FUNCTION contact_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_of(uuid) TO {role};
