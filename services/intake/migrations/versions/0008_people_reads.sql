-- Who has read whom can be looked up by the dossier's office: lines are numbered and bear it.
ALTER TABLE people_access ADD COLUMN office text, ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
UPDATE people_access p SET office = e.data ->> 'office' FROM events e WHERE e.stream_id = p.dossier_id AND e.version = 1;
CREATE INDEX people_access_by_office ON people_access (office, number);
CREATE INDEX people_access_by_officer ON people_access (actor, number);

\i ../../functions/read_person.sql
\i ../../functions/people_reads.sql
