-- Keeps what each officer is called, the newest word, and numbers its changes for the topic of names. Numbers follow the clock, so that a
-- register that was restored from a dump goes on above those that it has lost.
-- Guarantee: a name is told as the register has it in the same transaction, and no two changes have one number.
-- Test: test_each_change_of_a_name_is_told_once.
CREATE OR REPLACE FUNCTION keep_officer_names() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who text := coalesce(NEW.subject, OLD.subject);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('officers', 0));
    IF NEW.name IS NULL AND EXISTS (SELECT FROM officers o WHERE o.subject = who AND o.name IS NOT NULL) THEN
        RETURN NULL;  -- another time of service still names them
    END IF;
    INSERT INTO officer_names AS k (officer, name, change)
    SELECT who, NEW.name, 1 + greatest(
        (SELECT max(n.change) FROM officer_names n), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    )
    WHERE NEW.name IS NOT NULL OR EXISTS (SELECT FROM officer_names n WHERE n.officer = who)
    ON CONFLICT (officer) DO UPDATE SET name = excluded.name, change = excluded.change
    WHERE k.name IS DISTINCT FROM excluded.name;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION keep_officer_names() FROM PUBLIC;
