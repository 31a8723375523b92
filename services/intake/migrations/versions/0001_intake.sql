-- The people store. Nothing here is ever needed to count or to prove that something was counted, so all of it can be erased.
CREATE TABLE applicants (
    applicant_id uuid PRIMARY KEY,
    name text NOT NULL,
    identifier_kind text NOT NULL,
    identifier_number text NOT NULL,
    email text,
    phone text
);
CREATE TABLE filings (
    dossier_id uuid PRIMARY KEY,
    applicant_id uuid NOT NULL,
    content bytea,
    salt bytea,
    CONSTRAINT content_is_erased_with_its_salt CHECK ((content IS NULL) = (salt IS NULL))
);
CREATE TABLE contact_changes ("position" bigint PRIMARY KEY, applicant_id uuid NOT NULL);
COMMENT ON COLUMN contact_changes.position IS 'of the event in the log that changed the contact';

CREATE TABLE people_access (
    accessed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    dossier_id uuid NOT NULL,
    purpose text NOT NULL
);
CREATE INDEX people_access_by_dossier ON people_access (dossier_id);

-- Which dossier an imported case became: decided once, before anything is written for it, and for ever.
CREATE TABLE imported_cases (
    source text NOT NULL,
    "case" text NOT NULL,
    dossier_id uuid NOT NULL,
    CONSTRAINT one_dossier_per_case PRIMARY KEY (source, "case")
);

-- What processing said of each dossier, event by event; the last one is where it stands.
CREATE TABLE steps (
    dossier_id uuid NOT NULL,
    sequence integer NOT NULL,
    what text NOT NULL,
    status text NOT NULL,
    happened_at timestamptz NOT NULL,
    code text,
    due_on date,
    CONSTRAINT one_step_per_event PRIMARY KEY (dossier_id, sequence)
);
CREATE INDEX steps_by_code ON steps (code) WHERE code IS NOT NULL;

CREATE TYPE new_filing AS (
    item integer, dossier_id uuid, applicant_id uuid, name text, identifier_kind text, identifier_number text,
    email text, phone text, content bytea, salt bytea
);

-- The dossier of each case: the one it was given before, or the one proposed now. Two imports at once agree.
CREATE FUNCTION claim_cases(sources text[], cases text[], dossier_ids uuid[])
RETURNS TABLE (place bigint, dossier_id uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO imported_cases (source, "case", dossier_id)
    SELECT n.source, n."case", n.dossier_id
    FROM unnest(sources, cases, dossier_ids) AS n(source, "case", dossier_id)
    ORDER BY n.source, n."case"
    ON CONFLICT ON CONSTRAINT one_dossier_per_case DO NOTHING;
    -- A statement of its own, to see what another import committed while this one waited for it.
    RETURN QUERY
    SELECT n.place, i.dossier_id
    FROM unnest(sources, cases) WITH ORDINALITY AS n(source, "case", place)
    JOIN imported_cases i ON i.source = n.source AND i."case" = n."case"
    ORDER BY n.place;
END $$;

REVOKE ALL ON FUNCTION claim_cases(text[], text[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_cases(text[], text[], uuid[]) TO {role};
-- What the service may read and write by itself. Identifiers and contents it can read through read_person() alone.
GRANT SELECT ON contact_changes TO {role};
GRANT SELECT (applicant_id, name, email, phone) ON applicants TO {role};
GRANT SELECT, INSERT ON steps TO {role};
