-- The state of each dossier: counters count its changes, and the identity check counts its rows.
-- Pages keep room, so that a change of state stays on its page and touches no index.
CREATE TABLE dossiers (
    dossier_id uuid PRIMARY KEY,
    status text NOT NULL CONSTRAINT status_is_known CHECK (status IN ('submitted', 'accepted', 'rejected', 'resolved')),
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
    entries int NOT NULL
) WITH (fillfactor = 75);

-- The book: one line per change of state, with the day it happened and the instant we knew.
CREATE TABLE entries (
    dossier_id uuid NOT NULL,
    number int NOT NULL,
    recorded_at timestamptz NOT NULL,
    amount int NOT NULL CONSTRAINT an_entry_adds_or_takes_one CHECK (amount IN (1, -1)),
    field text NOT NULL,
    unit text NOT NULL,
    on_date date NOT NULL,
    flow text NOT NULL
        CONSTRAINT flow_is_known CHECK (flow IN ('submitted', 'received_new', 'not_accepted', 'resolved')),
    timeliness text NOT NULL CONSTRAINT timeliness_is_of_resolved_alone
        CHECK ((flow = 'resolved') = (timeliness <> '') AND timeliness IN ('', 'early', 'on_time', 'late')),
    procedure text NOT NULL,
    office text NOT NULL,
    channel text NOT NULL,
    level text NOT NULL,
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
    office text NOT NULL,
    channel text NOT NULL,
    level text NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT one_counter_per_partition_and_row
        PRIMARY KEY (partition, on_date, flow, timeliness, procedure, office, channel, level)
) WITH (fillfactor = 75);

GRANT SELECT, INSERT, UPDATE ON dossiers, counters TO {role};
GRANT SELECT, INSERT ON entries TO {role};
