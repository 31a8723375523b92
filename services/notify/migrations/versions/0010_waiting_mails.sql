-- How often a mail was looked at whose contact had not come; 0 for all others.
ALTER TABLE mails ADD COLUMN looks integer NOT NULL DEFAULT 0;
CREATE INDEX mails_without_contact ON mails (applicant_id) WHERE looks > 0;
