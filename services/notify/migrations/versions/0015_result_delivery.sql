ALTER TABLE dossiers ADD COLUMN result_delivery text;
COMMENT ON COLUMN dossiers.result_delivery IS 'collected, post or online; null of a dossier that was heard of before that was told';
