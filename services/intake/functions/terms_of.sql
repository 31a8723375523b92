-- By what a person is found: the words of the name from each one on, the identifier, a foreign one without its country too.
CREATE OR REPLACE FUNCTION terms_of(name text, identifier text) RETURNS TABLE (term text)
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT array_to_string(w.words[n:], ' ')
    FROM (SELECT string_to_array(folded(name), ' ') AS words) w, generate_series(1, least(cardinality(w.words), 12)) AS n
    UNION SELECT '#' || upper(regexp_replace(i.told, '[^0-9A-Za-z]', '', 'g'))
    FROM (VALUES (identifier), (substr(identifier, 4))) AS i(told)
    WHERE i.told = identifier OR identifier ~ '^[A-Z]{2} '
$$;
REVOKE ALL ON FUNCTION terms_of(text, text) FROM PUBLIC;
