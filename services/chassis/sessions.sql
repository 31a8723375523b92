-- Who is logged in at the pages. A row is found by a digest of the cookie and sealed under a key that follows from the cookie, so that
-- neither the table nor a copy of it opens a session or names a person.
CREATE TABLE sessions (
    mark bytea PRIMARY KEY,
    subject text NOT NULL,
    provider_session text NOT NULL,
    sealed bytea NOT NULL,
    begun_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_subject ON sessions (subject);
CREATE INDEX sessions_by_begin ON sessions (begun_at);
GRANT SELECT, INSERT, DELETE, UPDATE (seen_at) ON sessions TO {role};
