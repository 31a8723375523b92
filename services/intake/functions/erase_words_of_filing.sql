-- Guarantee: words are erased with the content, whoever erases that. Test: test_words_are_erased_with_the_content.
CREATE OR REPLACE FUNCTION erase_words_of_filing() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM erase_words(OLD.dossier_id, NULL);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION erase_words_of_filing() FROM PUBLIC;
