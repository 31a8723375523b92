-- Gives the next number to a change that no event names: what was erased, and what the release before writes.
-- Guarantee: a change of contact takes no number that another needs. Test: test_a_tombstone_in_between_keeps_nobody_from_submitting.
CREATE OR REPLACE FUNCTION number_contact_change() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    NEW.position := last_contact_change() + 1;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION number_contact_change() FROM PUBLIC;
