-- Dossiers of `its_office` whose submitter or owner is looked for: by the beginning of a name or of its later words, by a whole
-- identifier, by the official code, or by the dossier's id; the newest first, and a line that says who looked for each that was found.
CREATE OR REPLACE FUNCTION search_people(
    its_office text, looked_for_by text, asked text, reader text, its_purpose text, most integer
)
RETURNS TABLE (dossier_id uuid, name text, owner_name text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    wanted text COLLATE "C" := CASE looked_for_by
        WHEN 'name' THEN folded(asked)
        WHEN 'identifier' THEN '#' || upper(regexp_replace(asked, '[^0-9A-Za-z]', '', 'g'))
    END;
BEGIN
    IF its_office = '' OR wanted IN ('', '#') THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH candidates AS MATERIALIZED (
        (
            SELECT p.dossier_id FROM people_index p
            WHERE p.office = its_office AND p.term >= wanted
                AND p.term <= CASE WHEN looked_for_by = 'name' THEN wanted || chr(1114111) ELSE wanted END
            LIMIT 2000
        )
        UNION SELECT s.dossier_id FROM steps s WHERE looked_for_by = 'code' AND s.code = asked
        UNION SELECT e.stream_id FROM events e
        WHERE looked_for_by = 'id' AND e.stream_id = CASE WHEN looked_for_by = 'id' THEN asked::uuid END AND e.version = 1
    ), found AS MATERIALIZED (
        SELECT c.dossier_id FROM candidates c
        WHERE its_office = (
            SELECT e.data ->> 'office' FROM events e
            WHERE e.stream_id = c.dossier_id AND e.type IN ('DossierSubmitted', 'SubmissionCorrected')
                AND e.data ->> 'office' IS NOT NULL
            ORDER BY e.version DESC LIMIT 1
        )
        ORDER BY c.dossier_id DESC LIMIT most
    ), noted AS (
        INSERT INTO people_access (actor, dossier_id, purpose, office)
        SELECT reader, f.dossier_id, its_purpose, its_office FROM found f
    )
    SELECT f.dossier_id, a.name, i.owner_name
    FROM found f JOIN filings i ON i.dossier_id = f.dossier_id LEFT JOIN applicants a ON a.applicant_id = i.applicant_id
    ORDER BY f.dossier_id DESC;
END $$;
REVOKE ALL ON FUNCTION search_people(text, text, text, text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_people(text, text, text, text, text, integer) TO {role};
