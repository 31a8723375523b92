-- What the program sends has types of its own: a table's row type goes with the table when another one takes its place, and a
-- connection that knows its statement by heart would be refused.
CREATE TYPE kept_dossier_v1 AS (
    dossier_id uuid,
    status text,
    procedure text,
    field text,
    level text,
    channel text,
    office text,
    unit text,
    submitted_on date,
    accepted_on date,
    ended_on date,
    changed_on date,
    recorded_at timestamptz,
    timeliness text,
    entries int,
    due_on date,
    apologised boolean
);
CREATE TYPE book_line_v1 AS (
    dossier_id uuid,
    number int,
    sequence int,
    struck int,
    recorded_at timestamptz,
    amount int,
    unit text,
    on_date date,
    flow text,
    timeliness text,
    procedure text,
    field text,
    office text,
    channel text,
    level text,
    manner text,
    due_on date,
    apologised boolean
);
CREATE TYPE told_correction_v1 AS (
    dossier_id uuid,
    sequence int,
    recorded_at timestamptz,
    on_date date,
    event text,
    struck int,
    reason text,
    document text,
    procedure text,
    office text
);

-- Each time that the book was made anew: by which rules, with which tables, and what became of it.
CREATE TABLE rebuilds (
    number int PRIMARY KEY,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    projection int NOT NULL,
    revision text NOT NULL,
    differing bigint,
    switched_at timestamptz,
    undone_at timestamptz
);
COMMENT ON COLUMN rebuilds.projection IS 'the version of the rules by which it was folded';
COMMENT ON COLUMN rebuilds.revision IS 'the migration that its tables are shaped by';
COMMENT ON COLUMN rebuilds.differing IS 'cells that were others than in the book before';
GRANT SELECT ON rebuilds TO {role};

\i ../../functions/add_to_sums.sql
\i ../../../chassis/functions/count_held.sql
\i ../../functions/lay_book_beside.sql
\i ../../functions/exchange_books.sql
