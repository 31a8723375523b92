-- A name as it is looked for: without accents and capitals, one space between words.
CREATE OR REPLACE FUNCTION folded(name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT btrim(regexp_replace(
        lower(translate(regexp_replace(normalize(name, NFD), '[\u0300-\u036f]', '', 'g'), 'Đđ', 'dd')),
        '[[:space:][:punct:]]+', ' ', 'g'
    ))
$$;
REVOKE ALL ON FUNCTION folded(text) FROM PUBLIC;
