-- An entry of before does not know which act made it, nor its due date. The topic does, and record times come with its messages:
-- the reader begins again at its first message, and a report as of then has the numbers it had.
DROP TABLE dossiers, entries, counters;
DELETE FROM held;
DELETE FROM applied_versions;
DELETE FROM reader_positions;

-- Pages keep room, so that a change of state stays on its page and touches no index. No due date that runs is 'infinity'.
CREATE TABLE dossiers (
    dossier_id uuid PRIMARY KEY,
    status text NOT NULL CONSTRAINT status_is_known CHECK (
        status IN ('submitted', 'accepted', 'rejected', 'withdrawn', 'stopped', 'resolved')
    ),
    procedure text NOT NULL,
    field text NOT NULL,
    level text NOT NULL,
    channel text NOT NULL,
    office text NOT NULL,
    unit text NOT NULL,
    submitted_on date NOT NULL,
    accepted_on date,
    ended_on date,
    changed_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    timeliness text NOT NULL,
    entries int NOT NULL,
    due_on date NOT NULL,
    apologised boolean NOT NULL
) WITH (fillfactor = 75);

-- The book: one line per change of state, with the day it happened and the instant we knew. `sequence` is processing's act that
-- made it (0: the submission), `struck` the act whose entry it strikes out (0: none).
-- Flow `due` moves a pending dossier from one due date to another: one taken, one given.
CREATE TABLE entries (
    dossier_id uuid NOT NULL,
    number int NOT NULL,
    sequence int NOT NULL,
    struck int NOT NULL,
    recorded_at timestamptz NOT NULL,
    amount int NOT NULL CONSTRAINT an_entry_adds_or_takes_one CHECK (amount IN (1, -1)),
    unit text NOT NULL,
    on_date date NOT NULL,
    flow text NOT NULL
        CONSTRAINT flow_is_known CHECK (flow IN ('submitted', 'received_new', 'not_accepted', 'resolved', 'due')),
    timeliness text NOT NULL CONSTRAINT timeliness_is_of_resolved_alone
        CHECK ((flow = 'resolved') = (timeliness <> '') AND timeliness IN ('', 'early', 'on_time', 'late')),
    procedure text NOT NULL,
    field text NOT NULL,
    office text NOT NULL,
    channel text NOT NULL,
    level text NOT NULL,
    manner text NOT NULL CONSTRAINT manner_is_of_its_flow CHECK (
        manner = '' OR (flow, manner) IN (
            ('received_new', 'late'), ('not_accepted', 'rejected'), ('not_accepted', 'withdrawn'),
            ('resolved', 'resolved'), ('resolved', 'stopped'), ('resolved', 'withdrawn')
        )
    ),
    due_on date NOT NULL,
    apologised boolean NOT NULL,
    CONSTRAINT one_entry_per_dossier_and_number PRIMARY KEY (dossier_id, number)
);
-- Reports as of then read a stretch of record time; entries arrive nearly in that order.
CREATE INDEX entries_by_record_time ON entries USING brin (recorded_at);

-- Sums of the book for the reports of now. The partition is in the key, so that members of the group never meet in a row.
CREATE TABLE counters (
    partition int NOT NULL,
    on_date date NOT NULL,
    flow text NOT NULL,
    timeliness text NOT NULL,
    procedure text NOT NULL,
    field text NOT NULL,
    office text NOT NULL,
    channel text NOT NULL,
    level text NOT NULL,
    manner text NOT NULL,
    due_on date NOT NULL,
    apologised boolean NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT one_counter_per_partition_and_row PRIMARY KEY (
        partition, on_date, flow, timeliness, procedure, field, office, channel, level, manner, due_on, apologised
    )
) WITH (fillfactor = 75);

-- What explains why a number of a period is another one now than it was then. `on_date` is the first day that it touches.
CREATE TABLE corrections (
    dossier_id uuid NOT NULL,
    sequence int NOT NULL,
    recorded_at timestamptz NOT NULL,
    on_date date NOT NULL,
    event text NOT NULL,
    struck int NOT NULL,
    reason text NOT NULL,
    document text NOT NULL,
    procedure text NOT NULL,
    office text NOT NULL,
    CONSTRAINT one_correction_per_act PRIMARY KEY (dossier_id, sequence)
);
CREATE INDEX corrections_by_record_time ON corrections (recorded_at);

GRANT SELECT, INSERT, UPDATE ON dossiers, counters TO {role};
GRANT SELECT, INSERT ON entries, corrections TO {role};
