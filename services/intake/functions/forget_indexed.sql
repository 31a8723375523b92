-- Who was erased is not found by what was known of them; who was changed is found by what is known now.
CREATE OR REPLACE FUNCTION forget_indexed() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    of_dossiers uuid[];
BEGIN
    -- A statement of its own: the next one must see what index_people() wrote meanwhile. It waits for nobody who holds this row.
    -- Guarantee: nobody is indexed by what is changed or erased at that moment. Test: test_who_is_erased_while_indexed_is_not_found.
    PERFORM FROM people_index_at FOR UPDATE;
    WITH gone AS (DELETE FROM people_index p WHERE p.applicant_id = OLD.applicant_id RETURNING p.dossier_id)
    SELECT array_agg(DISTINCT g.dossier_id) INTO of_dossiers FROM gone g;
    INSERT INTO people_index (office, term, dossier_id, applicant_id)
    SELECT t.office, t.term, t.dossier_id, t.applicant_id FROM people_terms t WHERE t.dossier_id = ANY (of_dossiers)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION forget_indexed() FROM PUBLIC;
