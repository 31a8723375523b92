-- The number of the last change of a contact, 0 before the first. Under the head of the log it is the last one for all.
-- plpgsql keeps its plan; a function of SQL was planned anew in each batch.
CREATE OR REPLACE FUNCTION last_contact_change() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN greatest(
        coalesce((SELECT c.position FROM contact_changes c ORDER BY c.position DESC LIMIT 1), 0),
        coalesce((SELECT c.value FROM counters c WHERE c.name = 'contact_changes'), 0)
    );
END $$;
REVOKE ALL ON FUNCTION last_contact_change() FROM PUBLIC;
