-- Takes away words that no act names a day after they were kept; `heard` is the time up to which all of processing's acts were heard
-- of. What is held may name them. How many.
-- Guarantee: words that an act names are never swept, however late it is heard of. Test: test_words_that_no_act_names_are_gone_after_a_day.
CREATE OR REPLACE FUNCTION forget_words(heard timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    whom uuid[];
BEGIN
    UPDATE officer_words w SET settled = true
    WHERE NOT w.settled AND EXISTS (
        SELECT FROM steps s WHERE s.dossier_id = w.dossier_id AND s.said ->> 'words' = w.commitment
    );
    WITH gone AS (
        DELETE FROM officer_words w
        WHERE NOT w.settled AND w.kept_at < least(heard, clock_timestamp()) - interval '1 day'
            AND NOT EXISTS (SELECT FROM held h WHERE h.stream_id = w.dossier_id OR h.stream_id IS NULL)
        RETURNING w.applicant_id
    )
    SELECT array_agg(g.applicant_id) INTO whom FROM gone g;
    PERFORM tell_contact_again(whom);
    RETURN coalesce(array_length(whom, 1), 0);
END $$;
REVOKE ALL ON FUNCTION forget_words(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_words(timestamptz) TO {role};
