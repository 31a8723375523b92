-- What each thousand of events said when it was full: a log whose events say something else since is not the one that was published.
CREATE TABLE log_digests (up_to bigint PRIMARY KEY, digest bytea NOT NULL);
GRANT SELECT, INSERT ON log_digests TO {role};
\i functions/digest_of_events.sql
