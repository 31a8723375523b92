-- The people behind a dossier of `its_office`, by what was told of it last, what they filed, and the line that says who looked; no
-- row, and no line, for any other dossier.
CREATE OR REPLACE FUNCTION read_person(of_dossier uuid, its_office text, reader text, its_purpose text)
RETURNS TABLE (
    name text, identifier_kind text, identifier_number text, email text, phone text, content bytea,
    owner_name text, owner_identifier_kind text, owner_identifier_number text, owner_email text, owner_phone text,
    supplement_sequences integer[], supplement_contents bytea[]
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF its_office IS DISTINCT FROM (
        SELECT e.data ->> 'office' FROM events e
        WHERE e.stream_id = of_dossier AND e.type IN ('DossierSubmitted', 'SubmissionCorrected') AND e.data ->> 'office' IS NOT NULL
        ORDER BY e.version DESC LIMIT 1
    ) THEN
        RETURN;
    END IF;
    INSERT INTO people_access (actor, dossier_id, purpose, office) VALUES (reader, of_dossier, its_purpose, its_office);
    RETURN QUERY
    SELECT a.name, a.identifier_kind, a.identifier_number, a.email, a.phone, f.content,
           f.owner_name, f.owner_identifier_kind, f.owner_identifier_number, f.owner_email, f.owner_phone,
           ARRAY(SELECT s.sequence FROM supplements s WHERE s.dossier_id = of_dossier ORDER BY s.sequence),
           ARRAY(SELECT s.content FROM supplements s WHERE s.dossier_id = of_dossier ORDER BY s.sequence)
    FROM filings f LEFT JOIN applicants a ON a.applicant_id = f.applicant_id
    WHERE f.dossier_id = of_dossier;
END $$;
REVOKE ALL ON FUNCTION read_person(uuid, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read_person(uuid, text, text, text) TO {role};
