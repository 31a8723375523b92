-- The number of the last change of a contact, 0 before the first. Under the head of the log it is the last one for all.
CREATE OR REPLACE FUNCTION last_contact_change() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT greatest(
        coalesce((SELECT c.position FROM contact_changes c ORDER BY c.position DESC LIMIT 1), 0),
        coalesce((SELECT c.value FROM counters c WHERE c.name = 'contact_changes'), 0)
    );
$$;
REVOKE ALL ON FUNCTION last_contact_change() FROM PUBLIC;
