-- Who may read what was told: the portal that filed the dossier. Of dossiers heard of before this it is not known, and no portal reads.
ALTER TABLE dossiers ADD COLUMN sealed_filer text;
COMMENT ON COLUMN dossiers.sealed_filer IS 'as it came; null: filed at a desk, imported, or submitted before events said it';
