-- The release before goes on beside this one: record() and append() stay as they are, and go with the next one.
CREATE TYPE new_standing_v2 AS (
    item integer, status text, unit text, officer text, accepted_at timestamptz, due_on date, intake_due_at timestamptz,
    deadline_on date, answered integer, answer_by date, apologised boolean, requested integer, brought integer, clock text,
    acted_on date
);
\i ../../functions/record_v2.sql
