-- The queue: a row for each dossier. What intake said of its submission stands as it arrived and is where a dossier's state
-- starts; the rest follows the log and is written by record() alone. Pages keep room for a row's next version.
CREATE TABLE dossiers (
    dossier_id uuid PRIMARY KEY,
    procedure text NOT NULL,
    office text NOT NULL,
    channel text NOT NULL,
    submitted_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'submitted',
    unit text,
    accepted_at timestamptz,
    due_on date,
    number bigint,
    version integer NOT NULL DEFAULT 0,
    CONSTRAINT status_is_known
        CHECK (status IN ('submitted', 'accepted', 'in_processing', 'rejected', 'resolved', 'returned')),
    CONSTRAINT an_accepted_dossier_has_unit_and_number
        CHECK ((accepted_at IS NULL) = (number IS NULL) AND (accepted_at IS NULL) = (unit IS NULL))
) WITH (fillfactor = 80);
COMMENT ON COLUMN dossiers.number IS 'serial of the official code in its office and local day of acceptance';

-- A page of a queue is one stretch of an index, however long the queue is.
CREATE INDEX dossiers_by_office ON dossiers (office, status, submitted_at, dossier_id);
CREATE INDEX dossiers_by_unit ON dossiers (unit, status, submitted_at, dossier_id) WHERE unit IS NOT NULL;

-- Which dossier an imported case acts on, for ever.
CREATE TABLE imported_cases (
    source text NOT NULL,
    "case" text NOT NULL,
    dossier_id uuid NOT NULL,
    CONSTRAINT one_dossier_per_case PRIMARY KEY (source, "case")
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
GRANT SELECT ON dossiers TO {role};
-- Submissions are taken in column by column: how a dossier stands is record()'s alone.
GRANT INSERT (dossier_id, procedure, office, channel, submitted_at) ON dossiers TO {role};
