-- By which of their addresses an applicant wants to be told; who has no row here is told by all of them.
CREATE TABLE contact_wishes (
    applicant_id uuid PRIMARY KEY,
    by_email boolean NOT NULL,
    by_phone boolean NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, DELETE ON contact_wishes TO {role};

\i ../../functions/set_contact.sql
