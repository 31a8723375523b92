-- By what a dossier's people are looked for: each run of words of a name that goes to its end, without accents, and identifiers behind
-- a #. Filled behind the log, so that no submission waits for it; read through search_people() alone; gone with the person.
CREATE TABLE people_index (
    office text NOT NULL,
    term text COLLATE "C" NOT NULL,
    dossier_id uuid NOT NULL,
    applicant_id uuid NOT NULL,
    CONSTRAINT one_row_per_term PRIMARY KEY (office, term, dossier_id)
);
CREATE INDEX people_index_by_applicant ON people_index (applicant_id);
CREATE TABLE people_index_at ("position" bigint NOT NULL);
COMMENT ON COLUMN people_index_at.position IS 'of the log, up to which people_index was filled';
INSERT INTO people_index_at VALUES (0);

\i ../../functions/folded.sql
\i ../../functions/terms_of.sql
-- By what each submission's people are found, by the log and by what the people store holds now.
CREATE VIEW people_terms AS
SELECT e.position, e.data ->> 'office' AS office, t.term, e.stream_id AS dossier_id, a.applicant_id
FROM events e JOIN filings f ON f.dossier_id = e.stream_id JOIN applicants a ON a.applicant_id = f.applicant_id
CROSS JOIN LATERAL (
    SELECT o.term FROM terms_of(a.name, a.identifier_number) o
    UNION SELECT o.term FROM terms_of(f.owner_name, f.owner_identifier_number) o
) t
WHERE e.type IN ('DossierSubmitted', 'SubmissionCorrected') AND e.data ->> 'office' IS NOT NULL AND t.term <> '';
\i ../../functions/index_people.sql
\i ../../functions/search_people.sql
\i ../../functions/forget_indexed.sql
CREATE TRIGGER forget_changed_name AFTER UPDATE OF name, identifier_number OR DELETE ON applicants
    FOR EACH ROW EXECUTE FUNCTION forget_indexed();
CREATE TRIGGER forget_changed_owner AFTER UPDATE OF owner_name, owner_identifier_number OR DELETE ON filings
    FOR EACH ROW EXECUTE FUNCTION forget_indexed();
