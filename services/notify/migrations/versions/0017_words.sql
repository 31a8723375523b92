ALTER TABLE contacts ADD COLUMN words jsonb;
COMMENT ON COLUMN contacts.words IS 'what officers said, by the commitments in their events; null where nothing was said or all is erased';
ALTER TABLE mails ADD COLUMN words text;
COMMENT ON COLUMN mails.words IS 'the commitment to what the letter says in the officer''s words';
