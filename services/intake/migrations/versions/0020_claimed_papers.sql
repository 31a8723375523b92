ALTER TABLE papers ADD COLUMN claim bytea;
COMMENT ON COLUMN papers.claim IS 'hash of the caller and the key that name it; null of what a release before named';
