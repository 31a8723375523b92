-- What happened in each day, month, year and decade, by the day, month and year in which it became known, and whenever that was: a report
-- adds up whole spans, so it costs the same after ten years, whatever its window and as of whatever instant. `spans` says which: business time
-- first. `on_date` and `known_on` are first days. Columns are the flows by their manner; those that end in `sorry` were apologised for.
-- Each kind lies apart, in the order of its days, so that neighbours are read together.
CREATE TABLE sums (
    spans text NOT NULL,
    on_date date NOT NULL,
    known_on date NOT NULL,
    procedure text NOT NULL,
    field text NOT NULL,
    office text NOT NULL,
    channel text NOT NULL,
    level text NOT NULL,
    submitted int NOT NULL,
    rejected int NOT NULL,
    withdrawn_waiting int NOT NULL,
    accepted_in_time int NOT NULL,
    accepted_late int NOT NULL,
    resolved_early int NOT NULL,
    resolved_on_time int NOT NULL,
    resolved_late int NOT NULL,
    resolved_late_sorry int NOT NULL,
    stopped_on_time int NOT NULL,
    stopped_late int NOT NULL,
    stopped_late_sorry int NOT NULL,
    withdrawn_on_time int NOT NULL,
    withdrawn_late int NOT NULL,
    withdrawn_late_sorry int NOT NULL,
    overdue int NOT NULL,
    overdue_sorry int NOT NULL,
    CONSTRAINT one_sum_per_spans_and_row PRIMARY KEY (spans, known_on, on_date, procedure, field, office, channel, level)
) PARTITION BY LIST (spans);
CREATE TABLE sums_day_day PARTITION OF sums FOR VALUES IN ('day/day') WITH (fillfactor = 75);
CREATE TABLE sums_day_month PARTITION OF sums FOR VALUES IN ('day/month') WITH (fillfactor = 75);
CREATE TABLE sums_day_year PARTITION OF sums FOR VALUES IN ('day/year') WITH (fillfactor = 75);
CREATE TABLE sums_day_ever PARTITION OF sums FOR VALUES IN ('day/ever') WITH (fillfactor = 75);
CREATE TABLE sums_month_day PARTITION OF sums FOR VALUES IN ('month/day') WITH (fillfactor = 75);
CREATE TABLE sums_month_month PARTITION OF sums FOR VALUES IN ('month/month') WITH (fillfactor = 75);
CREATE TABLE sums_month_year PARTITION OF sums FOR VALUES IN ('month/year') WITH (fillfactor = 75);
CREATE TABLE sums_month_ever PARTITION OF sums FOR VALUES IN ('month/ever') WITH (fillfactor = 75);
CREATE TABLE sums_year_day PARTITION OF sums FOR VALUES IN ('year/day') WITH (fillfactor = 75);
CREATE TABLE sums_year_month PARTITION OF sums FOR VALUES IN ('year/month') WITH (fillfactor = 75);
CREATE TABLE sums_year_year PARTITION OF sums FOR VALUES IN ('year/year') WITH (fillfactor = 75);
CREATE TABLE sums_year_ever PARTITION OF sums FOR VALUES IN ('year/ever') WITH (fillfactor = 75);
CREATE TABLE sums_decade_day PARTITION OF sums FOR VALUES IN ('decade/day') WITH (fillfactor = 75);
CREATE TABLE sums_decade_month PARTITION OF sums FOR VALUES IN ('decade/month') WITH (fillfactor = 75);
CREATE TABLE sums_decade_year PARTITION OF sums FOR VALUES IN ('decade/year') WITH (fillfactor = 75);
CREATE TABLE sums_decade_ever PARTITION OF sums FOR VALUES IN ('decade/ever') WITH (fillfactor = 75);

-- What the check of numbers has looked at: the book of one day of record time against its sums and its dossiers, the sums of a
-- month, a year and ever against the finer ones in them, and how many dossiers there are. `violations` are what it found the last time.
CREATE TABLE slices (
    span text NOT NULL CONSTRAINT span_is_known CHECK (span IN ('day', 'month', 'year', 'ever')),
    known_on date NOT NULL,
    changed boolean NOT NULL DEFAULT true,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    compared bigint NOT NULL DEFAULT 0,
    dossiers bigint NOT NULL DEFAULT 0,
    violations bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (span, known_on)
);
COMMENT ON COLUMN slices.checked_at IS 'when it was last checked; of one that never was, when it began';
INSERT INTO slices (span, known_on) VALUES ('ever', '-infinity');

-- Reports as of an instant read the lines of its day; lines arrive nearly in this order.
CREATE INDEX entries_by_instant ON entries (recorded_at);
DROP INDEX entries_by_record_time;

\i ../../functions/add_to_sums.sql

-- From here on nobody adds a line without its sums, the release before neither. It goes on writing `counters`, which nobody reads any more.
CREATE TRIGGER entries_are_added_up AFTER INSERT ON entries
    REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION add_to_sums();

-- The book as it stands is added up by the same function, a month of record time at once.
CREATE TEMP TABLE standing (LIKE entries) ON COMMIT DROP;
CREATE TRIGGER standing_is_added_up AFTER INSERT ON standing
    REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT EXECUTE FUNCTION add_to_sums();
DO $$
DECLARE
    stretch record;
BEGIN
    FOR stretch IN
        SELECT at, at + interval '1 month' AS until FROM generate_series(
            (SELECT date_trunc('month', min(recorded_at)) FROM entries), (SELECT max(recorded_at) FROM entries), interval '1 month'
        ) at
    LOOP
        INSERT INTO standing SELECT * FROM entries WHERE recorded_at >= stretch.at AND recorded_at < stretch.until;
        TRUNCATE standing;
    END LOOP;
END $$;

GRANT SELECT ON sums TO {role};
GRANT SELECT, UPDATE ON slices TO {role};
