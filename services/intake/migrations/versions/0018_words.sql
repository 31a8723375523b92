-- What officers say to an applicant in words, sealed under the dossier's key. They count where processing's event names the commitment.
CREATE TABLE officer_words (
    dossier_id uuid NOT NULL,
    actor text NOT NULL,
    key text NOT NULL,
    applicant_id uuid NOT NULL,
    commitment text NOT NULL,
    sealed bytea,
    kept_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled boolean NOT NULL DEFAULT false,
    CONSTRAINT one_text_for_each_key PRIMARY KEY (dossier_id, actor, key)
);
COMMENT ON COLUMN officer_words.sealed IS 'salt and words; null once erased';
COMMENT ON COLUMN officer_words.settled IS 'the sweep found the event; a row without one is taken away after a day';
CREATE INDEX officer_words_by_applicant ON officer_words (applicant_id);
CREATE INDEX officer_words_to_settle ON officer_words (kept_at) WHERE NOT settled;
GRANT SELECT, UPDATE (kept_at) ON officer_words TO {role};

\i ../../functions/tell_contact_again.sql
\i ../../functions/keep_words.sql
\i ../../functions/erase_words.sql
\i ../../functions/forget_words.sql
\i ../../functions/erase_words_of_filing.sql
\i ../../functions/erase_words_of_applicant.sql

CREATE TRIGGER words_are_erased_with_the_content AFTER UPDATE OF content ON filings
    FOR EACH ROW WHEN (OLD.content IS NOT NULL AND NEW.content IS NULL) EXECUTE FUNCTION erase_words_of_filing();
CREATE TRIGGER words_go_with_the_filing AFTER DELETE ON filings FOR EACH ROW EXECUTE FUNCTION erase_words_of_filing();
CREATE TRIGGER words_are_erased_with_the_person AFTER DELETE ON applicants
    FOR EACH ROW EXECUTE FUNCTION erase_words_of_applicant();
