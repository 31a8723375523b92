-- Since when nothing is sent to the address and why, on how many days letters came back from a mailbox that is there, and when they last did.
ALTER TABLE contacts
    ADD COLUMN rested_at timestamptz,
    ADD COLUMN rested_for text,
    ADD COLUMN soft_bounces smallint NOT NULL DEFAULT 0,
    ADD COLUMN soft_bounced_at timestamptz;
CREATE INDEX contacts_rested ON contacts (rested_at) WHERE rested_at IS NOT NULL;

\i ../../functions/another_address_is_not_rested.sql
CREATE TRIGGER another_address_is_not_rested BEFORE UPDATE OF email ON contacts
    FOR EACH ROW WHEN (OLD.email IS DISTINCT FROM NEW.email) EXECUTE FUNCTION another_address_is_not_rested();

-- What came back of which sending of an e-mail; recorded: it is in the log, or says nothing new.
CREATE TABLE returns (
    notice_id uuid NOT NULL,
    sending smallint NOT NULL,
    state text NOT NULL CHECK (state IN ('failed', 'delivered', 'complained')),
    reason text,
    received_at timestamptz NOT NULL,
    recorded boolean NOT NULL DEFAULT false,
    CONSTRAINT a_return_counts_once PRIMARY KEY (notice_id, sending, state)
);
CREATE INDEX returns_to_record ON returns (received_at) WHERE NOT recorded;

-- By its letter's return path, and by the link in it, a notice is found without its dossier.
CREATE INDEX letters_by_notice ON notices (notice_id) WHERE channel = 'email';

GRANT SELECT, INSERT, UPDATE ON returns TO {role};
