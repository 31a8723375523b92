-- Fills people_index with the submissions of the next events of the log, `most` at once; how many events. One process at a time.
CREATE OR REPLACE FUNCTION index_people(most integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    since bigint;
    up_to bigint;
BEGIN
    SELECT a.position INTO since FROM people_index_at a FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    SELECT max(n.position) INTO up_to
    FROM (SELECT e.position FROM events e WHERE e.position > since ORDER BY e.position LIMIT most) n;
    IF up_to IS NULL THEN
        RETURN 0;
    END IF;
    INSERT INTO people_index (office, term, dossier_id, applicant_id)
    SELECT e.data ->> 'office', t.term, e.stream_id, a.applicant_id
    FROM events e JOIN filings f ON f.dossier_id = e.stream_id JOIN applicants a ON a.applicant_id = f.applicant_id
    CROSS JOIN LATERAL (
        SELECT o.term FROM terms_of(a.name, a.identifier_number) o
        UNION SELECT o.term FROM terms_of(f.owner_name, f.owner_identifier_number) o
    ) t
    WHERE e.position > since AND e.position <= up_to AND e.type IN ('DossierSubmitted', 'SubmissionCorrected')
        AND e.data ->> 'office' IS NOT NULL AND t.term <> ''
    ON CONFLICT DO NOTHING;
    UPDATE people_index_at SET position = up_to;
    RETURN up_to - since;
END $$;
REVOKE ALL ON FUNCTION index_people(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_people(integer) TO {role};
