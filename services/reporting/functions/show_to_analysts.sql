-- What analysts read of reporting's database: views in a schema of their own, each column with its meaning. Nothing of them names a person.
-- To be called again when other tables stand in the place of those under them. Whoever may connect to this database may read them;
-- connecting is a right of its own, and `analyst` has no other (deploy/postgres/roles.sql).
CREATE OR REPLACE FUNCTION show_to_analysts() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp SET client_min_messages = warning AS $$
BEGIN
CREATE SCHEMA IF NOT EXISTS analysts;

CREATE OR REPLACE VIEW analysts.entries AS
SELECT dossier_id::uuid, number::integer, sequence::integer, struck::integer, recorded_at::timestamptz, amount::integer, unit::text,
    on_date::date, flow::text, timeliness::text, procedure::text, field::text, office::text, channel::text, level::text, manner::text,
    nullif(due_on, 'infinity')::date AS due_on, apologised::boolean,
    (SELECT EXISTS (SELECT FROM made_up))::boolean AS made_up
FROM entries;
COMMENT ON VIEW analysts.entries IS 'The book: a line for each change of state that reports count, never edited. Sums of `amount` are their numbers.';
COMMENT ON COLUMN analysts.entries.dossier_id IS 'The dossier.';
COMMENT ON COLUMN analysts.entries.number IS 'Place of the line among those of its dossier: 1, 2, …';
COMMENT ON COLUMN analysts.entries.sequence IS 'Which act made the line: its place among processing''s events of the dossier. 0: the submission; below 0: its correction.';
COMMENT ON COLUMN analysts.entries.struck IS 'The act whose line this one strikes out; 0: none.';
COMMENT ON COLUMN analysts.entries.recorded_at IS 'When it became known. Lines up to an instant are the book as of that instant.';
COMMENT ON COLUMN analysts.entries.amount IS '1 where the line adds a dossier, -1 where it takes one away.';
COMMENT ON COLUMN analysts.entries.unit IS 'The unit that the dossier was accepted for; empty before acceptance.';
COMMENT ON COLUMN analysts.entries.on_date IS 'The day in Việt Nam on which it happened, by which reports count.';
COMMENT ON COLUMN analysts.entries.flow IS 'submitted, received_new, not_accepted or resolved; due: a pending dossier under another due date, one line taken, one given.';
COMMENT ON COLUMN analysts.entries.timeliness IS 'Of resolved: early, on_time or late; else empty.';
COMMENT ON COLUMN analysts.entries.procedure IS 'Code of the procedure.';
COMMENT ON COLUMN analysts.entries.field IS 'Its field, as the official form has its rows.';
COMMENT ON COLUMN analysts.entries.office IS 'The accepting office.';
COMMENT ON COLUMN analysts.entries.channel IS 'The door of the first submission: online, postal or in_person.';
COMMENT ON COLUMN analysts.entries.level IS 'Level of the online service: full or partial.';
COMMENT ON COLUMN analysts.entries.manner IS 'How: late (of received_new, beyond the intake limit), rejected, withdrawn, stopped or resolved; else empty.';
COMMENT ON COLUMN analysts.entries.due_on IS 'The due date as it stood; null where none ran, as while the clock stands still.';
COMMENT ON COLUMN analysts.entries.apologised IS 'Whether an apology had been given.';
COMMENT ON COLUMN analysts.entries.made_up IS 'Whether the demonstration''s dossiers, which are nobody''s, are in the house.';

CREATE OR REPLACE VIEW analysts.dossiers AS
SELECT dossier_id::uuid, status::text, procedure::text, field::text, level::text, channel::text, office::text, unit::text,
    submitted_on::date, accepted_on::date, ended_on::date, timeliness::text, nullif(due_on, 'infinity')::date AS due_on,
    apologised::boolean, changed_on::date, recorded_at::timestamptz,
    (SELECT EXISTS (SELECT FROM made_up))::boolean AS made_up
FROM dossiers;
COMMENT ON VIEW analysts.dossiers IS 'Each dossier as it stands now.';
COMMENT ON COLUMN analysts.dossiers.dossier_id IS 'The dossier.';
COMMENT ON COLUMN analysts.dossiers.status IS 'submitted, accepted, rejected, withdrawn, stopped or resolved, as far as reports tell them apart.';
COMMENT ON COLUMN analysts.dossiers.procedure IS 'Code of the procedure.';
COMMENT ON COLUMN analysts.dossiers.field IS 'Its field, as the official form has its rows.';
COMMENT ON COLUMN analysts.dossiers.level IS 'Level of the online service: full or partial.';
COMMENT ON COLUMN analysts.dossiers.channel IS 'The door of the first submission: online, postal or in_person.';
COMMENT ON COLUMN analysts.dossiers.office IS 'The accepting office.';
COMMENT ON COLUMN analysts.dossiers.unit IS 'The unit that it was accepted for; empty before acceptance.';
COMMENT ON COLUMN analysts.dossiers.submitted_on IS 'Day of submission.';
COMMENT ON COLUMN analysts.dossiers.accepted_on IS 'Day of acceptance; null before it.';
COMMENT ON COLUMN analysts.dossiers.ended_on IS 'Day of its end: rejected, withdrawn, stopped or resolved; null while it is open.';
COMMENT ON COLUMN analysts.dossiers.timeliness IS 'Of one that ended after acceptance: early, on_time or late; else empty.';
COMMENT ON COLUMN analysts.dossiers.due_on IS 'The due date; null where none runs, as while the clock stands still.';
COMMENT ON COLUMN analysts.dossiers.apologised IS 'Whether an apology was given.';
COMMENT ON COLUMN analysts.dossiers.changed_on IS 'Day of the latest change that reports count.';
COMMENT ON COLUMN analysts.dossiers.recorded_at IS 'When the latest change became known.';
COMMENT ON COLUMN analysts.dossiers.made_up IS 'Whether the demonstration''s dossiers, which are nobody''s, are in the house.';

CREATE OR REPLACE VIEW analysts.corrections AS
SELECT dossier_id::uuid, sequence::integer, recorded_at::timestamptz, on_date::date, event::text, struck::integer, reason::text,
    document::text, procedure::text, office::text
FROM corrections;
COMMENT ON VIEW analysts.corrections IS 'Reversals, corrected submissions and corrected results: why a number of a period is another one now than it was then.';
COMMENT ON COLUMN analysts.corrections.dossier_id IS 'The dossier.';
COMMENT ON COLUMN analysts.corrections.sequence IS 'The correcting act: its place among processing''s events of the dossier; below 0 among intake''s.';
COMMENT ON COLUMN analysts.corrections.recorded_at IS 'When it became known.';
COMMENT ON COLUMN analysts.corrections.on_date IS 'The first day that it touches.';
COMMENT ON COLUMN analysts.corrections.event IS 'What was reversed; SubmissionCorrected or ResultCorrected where that is what was corrected.';
COMMENT ON COLUMN analysts.corrections.struck IS 'The act that was reversed; 0: none.';
COMMENT ON COLUMN analysts.corrections.reason IS 'Code of the reason.';
COMMENT ON COLUMN analysts.corrections.document IS 'Number of the decision.';
COMMENT ON COLUMN analysts.corrections.procedure IS 'Code of the procedure.';
COMMENT ON COLUMN analysts.corrections.office IS 'The accepting office.';

CREATE OR REPLACE VIEW analysts.reports AS
SELECT number::integer, published_at::timestamptz, first_on::date, last_on::date, period::text, scheme::text, by::text,
    as_of::timestamptz, code_version::text, projection::integer, zone::text, made_up::boolean, result::text, result_hash::text
FROM vintages;
COMMENT ON VIEW analysts.reports IS 'Reports that were published, as they were told.';
COMMENT ON COLUMN analysts.reports.number IS 'Number of the report.';
COMMENT ON COLUMN analysts.reports.published_at IS 'When it was published.';
COMMENT ON COLUMN analysts.reports.first_on IS 'First day of its window; null where that has no bound.';
COMMENT ON COLUMN analysts.reports.last_on IS 'Last day of its window.';
COMMENT ON COLUMN analysts.reports.period IS 'Name of the period, such as 2023-Q3; empty where it was asked by days.';
COMMENT ON COLUMN analysts.reports.scheme IS 'calendar, or official: from the 15th to the 14th.';
COMMENT ON COLUMN analysts.reports.by IS 'What its rows are by; empty: the total alone.';
COMMENT ON COLUMN analysts.reports.as_of IS 'What was recorded up to then is in it.';
COMMENT ON COLUMN analysts.reports.code_version IS 'Release that published it.';
COMMENT ON COLUMN analysts.reports.projection IS 'Version of the rules by which the book was folded.';
COMMENT ON COLUMN analysts.reports.zone IS 'Time zone of its days.';
COMMENT ON COLUMN analysts.reports.made_up IS 'Whether the demonstration''s dossiers, which are nobody''s, are in it.';
COMMENT ON COLUMN analysts.reports.result IS 'Question and numbers as canonical JSON.';
COMMENT ON COLUMN analysts.reports.result_hash IS 'SHA-256 of exactly those bytes.';

CREATE OR REPLACE VIEW analysts.standing AS
SELECT (SELECT max(recorded_at) FROM entries)::timestamptz AS newest,
    (SELECT coalesce(sum(streams), 0) FROM held_counts WHERE reason = '')::bigint AS held,
    (SELECT EXISTS (SELECT FROM made_up))::boolean AS made_up;
COMMENT ON VIEW analysts.standing IS 'One row: how far the book is.';
COMMENT ON COLUMN analysts.standing.newest IS 'When the newest line became known; null in an empty house.';
COMMENT ON COLUMN analysts.standing.held IS 'Dossiers whose events wait and are in no number yet.';
COMMENT ON COLUMN analysts.standing.made_up IS 'Whether the demonstration''s dossiers, which are nobody''s, are in the house.';

GRANT USAGE ON SCHEMA analysts TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA analysts TO PUBLIC;
END $$;
REVOKE ALL ON FUNCTION show_to_analysts() FROM PUBLIC;
