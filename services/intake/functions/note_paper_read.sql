-- Writes down who opens a paper of a dossier of `its_office`.
CREATE OR REPLACE FUNCTION note_paper_read(of_dossier uuid, its_office text, reader text, its_purpose text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO people_access (actor, dossier_id, purpose, office) VALUES (reader, of_dossier, its_purpose, its_office)
$$;
REVOKE ALL ON FUNCTION note_paper_read(uuid, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_paper_read(uuid, text, text, text) TO {role};
