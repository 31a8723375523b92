-- Keeps words for a dossier that is not erased, and has notify told of them. `its_key` is the dossier's under which they are sealed.
-- Answers kept, there (under this key already), erased, or destroyed. Guarantee: words are never kept beside what is erased at that
-- moment. Test: test_words_and_erasure_at_once.
CREATE OR REPLACE FUNCTION keep_words(
    of_dossier uuid, by_actor text, under text, its_commitment text, its_sealed bytea, its_key bytea
) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    whose uuid;
BEGIN
    SELECT f.applicant_id INTO whose FROM filings f WHERE f.dossier_id = of_dossier AND f.content IS NOT NULL FOR SHARE;
    IF NOT FOUND THEN
        RETURN 'erased';
    END IF;
    PERFORM FROM applicants a WHERE a.applicant_id = whose FOR SHARE;
    -- Of an import nobody was ever known.
    IF NOT FOUND AND NOT EXISTS (
        SELECT FROM events e WHERE e.stream_id = of_dossier AND e.version = 1 AND e.actor LIKE 'importer/%'
    ) THEN
        RETURN 'erased';
    END IF;
    PERFORM FROM dossier_keys k WHERE k.dossier_id = of_dossier AND k.key = its_key FOR SHARE;
    IF NOT FOUND THEN
        RETURN 'destroyed';
    END IF;
    INSERT INTO officer_words (dossier_id, actor, key, applicant_id, commitment, sealed)
    VALUES (of_dossier, by_actor, under, whose, its_commitment, its_sealed)
    ON CONFLICT ON CONSTRAINT one_text_for_each_key DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'there';
    END IF;
    PERFORM tell_contact_again(ARRAY[whose]);
    RETURN 'kept';
END $$;
REVOKE ALL ON FUNCTION keep_words(uuid, text, text, text, bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_words(uuid, text, text, text, bytea, bytea) TO {role};
