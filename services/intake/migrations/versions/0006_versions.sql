-- The release before goes on beside this one: submit(), record_acts() and append() stay as they are, and go with the next one.
CREATE TYPE new_filing_v2 AS (
    item integer, dossier_id uuid, applicant_id uuid, name text, identifier_kind text, identifier_number text,
    email text, phone text, content bytea, salt bytea, owner_name text, owner_identifier_kind text,
    owner_identifier_number text, owner_email text, owner_phone text
);
CREATE TYPE new_act_v2 AS (
    item integer, index smallint, content bytea, salt bytea, reference text, body_hmac bytea
);

-- A change of contact has a number of its own. It stands in `position`, where the release before looks for it.
ALTER TABLE contact_changes ADD COLUMN event_position bigint;
COMMENT ON COLUMN contact_changes.position IS 'number of the change: 1, 2, 3 ...; up to a migration, the position of its event';
COMMENT ON COLUMN contact_changes.event_position IS 'of the event in the log whose data names the number; null where none does';

-- Numbers of a log with a past begin behind every position that the release before may still name meanwhile.
INSERT INTO counters (name, value)
SELECT 'contact_changes', max(e.position) + 4294967296 FROM events e HAVING max(e.position) > 0;

\i ../../functions/last_contact_change.sql
\i ../../functions/number_contact_change.sql
CREATE TRIGGER a_change_without_event_is_numbered BEFORE INSERT ON contact_changes
    FOR EACH ROW WHEN (NEW.event_position IS NULL) EXECUTE FUNCTION number_contact_change();

\i ../../functions/submit_v2.sql
\i ../../functions/record_acts_v2.sql
