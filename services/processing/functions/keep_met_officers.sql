-- Keeps officers whose token or log-in was seen: from that day on, where nothing is known of them in that unit. What an operator told
-- stands, but a name is the provider's newest.
CREATE OR REPLACE FUNCTION keep_met_officers(subjects text[], units text[], names text[], on_day date) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- One after the other, as in keep_told_officers(): an officer told meanwhile would be kept beside that, and two that keep the same
    -- officers could wait for each other.
    -- Guarantee: whom an operator told to have left, no log-in brings back. Test: test_who_has_left_is_not_kept_beside_that.
    PERFORM pg_advisory_xact_lock(hashtextextended('officers', 0));
    INSERT INTO officers (subject, unit, since, name, told_by)
    SELECT n.subject, n.unit, on_day, nullif(n.name, ''), 'provider'
    FROM unnest(subjects, units, names) AS n(subject, unit, name)
    WHERE NOT EXISTS (SELECT FROM officers o WHERE o.subject = n.subject AND o.unit = n.unit);
    UPDATE officers o SET name = n.name
    FROM unnest(subjects, units, names) AS n(subject, unit, name)
    WHERE o.subject = n.subject AND o.unit = n.unit AND n.name <> '' AND o.name IS DISTINCT FROM n.name;
END $$;
REVOKE ALL ON FUNCTION keep_met_officers(text[], text[], text[], date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_met_officers(text[], text[], text[], date) TO {role};
