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

-- Appends a batch of submissions and writes, for those that were appended, what the people store keeps of them: one
-- call, one transaction. Answers as append() does; a submission draws no numbers.
CREATE FUNCTION submit(new_items new_item[], new_events new_event[], new_filings new_filing[])
RETURNS TABLE (
    item integer, outcome text, stream_id uuid, version integer, "position" bigint, recorded_at timestamptz,
    body_hmac bytea, numbers bigint[]
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    items integer[];
    outcomes text[];
    streams uuid[];
    versions integer[];
    positions bigint[];
    recorded timestamptz[];
    hmacs bytea[];
BEGIN
    SELECT array_agg(a.item ORDER BY a.item), array_agg(a.outcome ORDER BY a.item), array_agg(a.stream_id ORDER BY a.item),
           array_agg(a.version ORDER BY a.item), array_agg(a.position ORDER BY a.item),
           array_agg(a.recorded_at ORDER BY a.item), array_agg(a.body_hmac ORDER BY a.item)
    INTO items, outcomes, streams, versions, positions, recorded, hmacs
    FROM append(new_items, new_events) a;

    INSERT INTO applicants (applicant_id, name, identifier_kind, identifier_number, email, phone)
    SELECT f.applicant_id, f.name, f.identifier_kind, f.identifier_number, f.email, f.phone
    FROM unnest(new_filings) f WHERE outcomes[f.item] = 'appended' AND f.name IS NOT NULL;

    INSERT INTO filings (dossier_id, applicant_id, content, salt)
    SELECT f.dossier_id, f.applicant_id, f.content, f.salt
    FROM unnest(new_filings) f WHERE outcomes[f.item] = 'appended';

    -- Only of applicants that are known at all: no notice waits for the others.
    INSERT INTO contact_changes (position, applicant_id)
    SELECT positions[f.item], f.applicant_id
    FROM unnest(new_filings) f WHERE outcomes[f.item] = 'appended' AND f.name IS NOT NULL;

    RETURN QUERY
    SELECT u.item, u.outcome, u.stream_id, u.version, u.position, u.recorded_at, u.body_hmac, NULL::bigint[]
    FROM unnest(items, outcomes, streams, versions, positions, recorded, hmacs)
        AS u(item, outcome, stream_id, version, position, recorded_at, body_hmac);
END $$;

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

-- The applicant of a dossier of `its_office`, and the line that says who looked; no row, and no line, for any other dossier.
CREATE FUNCTION read_person(of_dossier uuid, its_office text, reader text, its_purpose text)
RETURNS TABLE (
    name text, identifier_kind text, identifier_number text, email text, phone text, content bytea
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF NOT EXISTS (
        SELECT FROM events e
        WHERE e.stream_id = of_dossier AND e.version = 1 AND e.data ->> 'office' = its_office
    ) THEN
        RETURN;
    END IF;
    INSERT INTO people_access (actor, dossier_id, purpose) VALUES (reader, of_dossier, its_purpose);
    RETURN QUERY
    SELECT a.name, a.identifier_kind, a.identifier_number, a.email, a.phone, f.content
    FROM filings f LEFT JOIN applicants a ON a.applicant_id = f.applicant_id
    WHERE f.dossier_id = of_dossier;
END $$;

REVOKE ALL ON FUNCTION submit(new_item[], new_event[], new_filing[]), claim_cases(text[], text[], uuid[]),
    read_person(uuid, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION submit(new_item[], new_event[], new_filing[]), claim_cases(text[], text[], uuid[]),
    read_person(uuid, text, text, text) TO {role};
-- What the service may read and write by itself. Identifiers and contents it can read through read_person() alone.
GRANT SELECT ON contact_changes TO {role};
GRANT SELECT (applicant_id, name, email, phone) ON applicants TO {role};
GRANT SELECT, INSERT ON steps TO {role};
