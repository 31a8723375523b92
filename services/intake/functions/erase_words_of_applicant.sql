-- Guarantee: words are erased with the person to whom they were said. Test: test_words_are_erased_with_the_person.
CREATE OR REPLACE FUNCTION erase_words_of_applicant() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM erase_words(NULL, OLD.applicant_id);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION erase_words_of_applicant() FROM PUBLIC;
