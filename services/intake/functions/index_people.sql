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
    SELECT t.office, t.term, t.dossier_id, t.applicant_id FROM people_terms t WHERE t.position > since AND t.position <= up_to
    ON CONFLICT DO NOTHING;
    UPDATE people_index_at SET position = up_to;
    RETURN up_to - since;
END $$;
REVOKE ALL ON FUNCTION index_people(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_people(integer) TO {role};
