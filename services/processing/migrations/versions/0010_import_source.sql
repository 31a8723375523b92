-- Who may go on with an import: the source that brought the dossier, and nobody where it was filed here.
-- A column without a default rewrites nothing.
ALTER TABLE dossiers ADD COLUMN import_source text;
COMMENT ON COLUMN dossiers.import_source IS 'the system whose log brought it; empty where that was not said yet; null: filed here';

-- Of what was brought before, it is known by who acted on it.
UPDATE dossiers d SET import_source = ''
WHERE EXISTS (SELECT FROM events e WHERE e.stream_id = d.dossier_id AND e.actor LIKE 'importer/%');

GRANT INSERT (import_source) ON dossiers TO {role};
