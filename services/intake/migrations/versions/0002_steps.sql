-- An apology or a correction is a step of a dossier's history that leaves its status as it was.
ALTER TABLE steps ALTER COLUMN status DROP NOT NULL;
