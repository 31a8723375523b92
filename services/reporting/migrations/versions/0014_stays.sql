CREATE TYPE stay_v1 AS (
    dossier_id uuid,
    number int,
    recorded_at timestamptz,
    gone_at timestamptz,
    kind text,
    what text,
    first_on date,
    until_on date,
    until_at timestamptz,
    unit text,
    office text,
    procedure text,
    field text,
    channel text
);

-- What the lines of a dossier's book come to, made anew with each of its acts: what it was counted as on a day, and from which day to which
-- it waited, was pending, was overdue (`until_on` is the first day without). A row holds from `recorded_at` until `gone_at`; that it ceased is
-- known from `until_at`.
CREATE TABLE stays (
    dossier_id uuid NOT NULL,
    number int NOT NULL,
    recorded_at timestamptz NOT NULL,
    gone_at timestamptz,
    kind text NOT NULL,
    what text NOT NULL,
    first_on date NOT NULL,
    until_on date NOT NULL,
    until_at timestamptz,
    unit text NOT NULL,
    office text NOT NULL,
    procedure text NOT NULL,
    field text NOT NULL,
    channel text NOT NULL,
    CONSTRAINT one_stay_per_number PRIMARY KEY (dossier_id, number)
) WITH (fillfactor = 80);
-- What happened on a day is read in the order of days, what stood on a day by the days between which it stood: each must match its literal kind.
CREATE INDEX stays_of_office ON stays (kind, what, office, first_on, dossier_id)
    WHERE kind IN ('submitted', 'not_accepted', 'accepted', 'resolved');
CREATE INDEX stays_of_unit ON stays (kind, what, unit, first_on, dossier_id)
    WHERE kind IN ('submitted', 'not_accepted', 'accepted', 'resolved');
CREATE INDEX stays_waiting ON stays USING gist (daterange(first_on, until_on)) WHERE kind = 'waiting';
CREATE INDEX stays_pending ON stays USING gist (daterange(first_on, until_on)) WHERE kind = 'pending';
CREATE INDEX stays_overdue ON stays USING gist (daterange(first_on, until_on)) WHERE kind = 'overdue';
CREATE INDEX stays_that_ceased ON stays (kind, until_at) WHERE until_at IS NOT NULL AND kind IN ('waiting', 'pending', 'overdue');
GRANT SELECT, INSERT, UPDATE ON stays TO {role};
