-- An import may tell another office, and strike out what it told of the applicant's acts.
GRANT UPDATE (office) ON dossiers TO {role};
\i ../../functions/strike_heard.sql
