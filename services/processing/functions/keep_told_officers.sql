-- Keeps what an operator tells of officers, row by row; it replaces what was only seen of the same officer in the same unit.
-- Without a name, the one that is known stays.
CREATE OR REPLACE FUNCTION keep_told_officers(
    subjects text[], units text[], names text[], since_days date[], until_days date[], who text
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('officers', 0));
    INSERT INTO officers AS o (subject, unit, since, until, name, told_by)
    SELECT n.subject, n.unit, n.since, n.until, coalesce(n.name, (SELECT k.name FROM officer_names k WHERE k.officer = n.subject)), who
    FROM unnest(subjects, units, since_days, until_days, names) AS n(subject, unit, since, until, name)
    ON CONFLICT ON CONSTRAINT one_row_per_time_of_service DO UPDATE
    SET until = excluded.until, name = excluded.name, told_by = excluded.told_by, told_at = clock_timestamp();
    DELETE FROM officers o USING unnest(subjects, units) AS n(subject, unit)
    WHERE o.subject = n.subject AND o.unit = n.unit AND o.told_by = 'provider';
END $$;
REVOKE ALL ON FUNCTION keep_told_officers(text[], text[], text[], date[], date[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_told_officers(text[], text[], text[], date[], date[], text) TO {role};
