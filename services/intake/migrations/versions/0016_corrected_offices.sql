-- The office of a dossier is the one that was told last.
\i ../../functions/read_person.sql
