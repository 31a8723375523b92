ALTER TABLE dossiers ADD COLUMN result_delivery text;
COMMENT ON COLUMN dossiers.result_delivery IS 'collected, post or online; null where nothing was said: it is collected';
