"""What notify writes of dossiers, and of the notices that it decides: set by set, in the consumer's own transaction."""

OPEN_DOSSIERS = """
INSERT INTO dossiers (dossier_id, applicant_id, contact_change, procedure, office, submitted_on, sealed_filer, result_delivery)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::date[], $7::text[], $8::text[])
"""
REFILE = """
UPDATE dossiers d SET procedure = n.procedure, submitted_on = n.submitted_on, office = coalesce(n.office, d.office)
FROM unnest($1::uuid[], $2::text[], $3::date[], $4::text[]) AS n(dossier_id, procedure, submitted_on, office)
WHERE d.dossier_id = n.dossier_id
"""
KEEP_CODES = """
UPDATE dossiers d SET sealed_code = n.sealed_code FROM unnest($1::uuid[], $2::text[]) AS n(dossier_id, sealed_code)
WHERE d.dossier_id = n.dossier_id
"""
DECIDE_NOTICES = """
INSERT INTO notices (dossier_id, notice_id, about, about_event_id, channel, happened_at, recorded_at, decided_at, facts)
SELECT n.dossier_id, n.notice_id, n.about, n.about_event_id, n.channel, n.happened_at, n.recorded_at, $9, n.facts::json
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::text[])
    AS n(dossier_id, notice_id, about, about_event_id, channel, happened_at, recorded_at, facts)
"""
# Change 0 is none: nobody is to be told. Nor has a dossier any whose opening was discarded by hand. Who is known to have left no
# address needs no carrier, either.
QUEUE_MAILS = """
INSERT INTO mails (notice_id, dossier_id, applicant_id, needs_change, decided_at, not_before, words)
SELECT n.notice_id, n.dossier_id, d.applicant_id, d.contact_change, $3, $3, n.words
FROM unnest($1::uuid[], $2::uuid[], $4::text[]) AS n(notice_id, dossier_id, words) JOIN dossiers d ON d.dossier_id = n.dossier_id
LEFT JOIN contacts c ON c.applicant_id = d.applicant_id AND c.change >= d.contact_change
WHERE d.contact_change > 0 AND (c.applicant_id IS NULL OR c.email IS NOT NULL)
RETURNING notice_id
"""
