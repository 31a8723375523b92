-- What the program sends has types of its own, as the book's rows have.
CREATE TYPE heard_act_v1 AS (
    dossier_id uuid,
    source text,
    version int,
    type text,
    at timestamptz,
    recorded_at timestamptz,
    said text
);
CREATE TYPE kept_act_v1 AS (
    dossier_id uuid,
    place int,
    source text,
    version int,
    type text,
    at timestamptz,
    recorded_at timestamptz,
    said text
);
CREATE TYPE measured_line_v1 AS (
    dossier_id uuid,
    number int,
    recorded_at timestamptz,
    gone_at timestamptz,
    kind text,
    on_date date,
    since date,
    unit text,
    office text,
    procedure text,
    channel text,
    what text,
    amount int,
    value double precision
);
CREATE TYPE measured_sum_v1 AS (
    span text,
    on_date date,
    kind text,
    unit text,
    office text,
    procedure text,
    channel text,
    what text,
    amount bigint,
    value bigint
);

-- Acts in the order in which they were heard, until they are measured. The only index grows at its end, so that counting waits for no other.
CREATE TABLE heard (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dossier_id uuid NOT NULL,
    source text NOT NULL,
    version int NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    said text NOT NULL
);

-- Acts that are measured, by dossier, in the order in which they were heard. `said`: codes, dates and numbers alone, as JSON.
CREATE TABLE acts (
    dossier_id uuid NOT NULL,
    place int NOT NULL,
    source text NOT NULL,
    version int NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    said text NOT NULL,
    CONSTRAINT one_act_per_place PRIMARY KEY (dossier_id, place)
);

-- What the acts of a dossier that stand come to. A line holds from `recorded_at` until `gone_at`: an act heard later, or a reversal, takes it
-- away, and the index as of an earlier instant still has it.
CREATE TABLE measured (
    dossier_id uuid NOT NULL,
    number int NOT NULL,
    recorded_at timestamptz NOT NULL,
    gone_at timestamptz,
    kind text NOT NULL,
    on_date date NOT NULL,
    since date NOT NULL,
    unit text NOT NULL,
    office text NOT NULL,
    procedure text NOT NULL,
    channel text NOT NULL,
    what text NOT NULL,
    amount int NOT NULL,
    value double precision NOT NULL,
    CONSTRAINT one_line_per_number PRIMARY KEY (dossier_id, number)
) WITH (fillfactor = 80);
CREATE INDEX measured_by_day ON measured (kind, on_date);
CREATE INDEX measured_by_instant ON measured (recorded_at);
CREATE INDEX measured_gone ON measured (gone_at) WHERE gone_at IS NOT NULL;

-- The lines that stand, added up by days, months, years and decades: any window reads a few spans, after ten years as after one.
CREATE TABLE measured_sums (
    span text NOT NULL,
    on_date date NOT NULL,
    kind text NOT NULL,
    unit text NOT NULL,
    office text NOT NULL,
    procedure text NOT NULL,
    channel text NOT NULL,
    what text NOT NULL,
    amount bigint NOT NULL,
    value bigint NOT NULL,
    CONSTRAINT one_measured_sum_per_row PRIMARY KEY (span, on_date, kind, unit, office, procedure, channel, what)
) WITH (fillfactor = 75);

-- A row where the book was begun before its acts were kept: the index waits until the book is made anew (`motcua rebuild reporting`).
CREATE TABLE not_kept (since timestamptz NOT NULL DEFAULT clock_timestamp());
INSERT INTO not_kept (since) SELECT clock_timestamp() WHERE EXISTS (SELECT FROM reader_positions);

GRANT SELECT, INSERT, DELETE ON heard TO {role};
GRANT SELECT, INSERT ON acts TO {role};
GRANT SELECT, INSERT, UPDATE ON measured, measured_sums TO {role};
GRANT SELECT ON not_kept TO {role};
