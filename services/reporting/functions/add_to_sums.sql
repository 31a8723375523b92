-- Whoever adds lines to the book moves the sums in the same statement: days, months, years and decades of business time, by days,
-- months and years of record time and by all of it. "Overdue" is a flow dated by the day it becomes true: the day after the due date, or the day of the act when that is later.
-- Lines that move alike are added up first. The sums are written in the order of their key, so that two members of a group that meet in a
-- row wait for each other and never deadlock.
CREATE OR REPLACE FUNCTION add_to_sums() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- A book beside the live one has sums of its own; until this function ends.
    IF TG_TABLE_SCHEMA IN ('rebuilt', 'before') THEN
        PERFORM set_config('search_path', TG_TABLE_SCHEMA || ', public, pg_temp', true);
    END IF;
    WITH alike AS MATERIALIZED (
        SELECT on_date, due_on, (recorded_at AT TIME ZONE INTERVAL '07:00')::date AS known_on, flow, timeliness, manner, apologised,
               procedure, field, office, channel, level, sum(amount) AS amount
        FROM new_entries
        GROUP BY on_date, due_on, known_on, flow, timeliness, manner, apologised, procedure, field, office, channel, level
    ), dated AS (
        SELECT on_date AS day, known_on, flow, timeliness, manner, apologised, procedure, field, office, channel, level, amount
        FROM alike WHERE flow <> 'due'
        UNION ALL
        SELECT greatest(on_date, due_on + 1), known_on, 'overdue', '', '', apologised, procedure, field, office, channel, level,
               CASE flow WHEN 'resolved' THEN -amount ELSE amount END
        FROM alike WHERE flow IN ('received_new', 'resolved', 'due') AND due_on < 'infinity'
    ), wide AS MATERIALIZED (
        SELECT day, known_on, procedure, field, office, channel, level,
               coalesce(sum(amount) FILTER (WHERE flow = 'submitted'), 0) AS submitted,
               coalesce(sum(amount) FILTER (WHERE flow = 'not_accepted' AND manner <> 'withdrawn'), 0) AS rejected,
               coalesce(sum(amount) FILTER (WHERE flow = 'not_accepted' AND manner = 'withdrawn'), 0) AS withdrawn_waiting,
               coalesce(sum(amount) FILTER (WHERE flow = 'received_new' AND manner <> 'late'), 0) AS accepted_in_time,
               coalesce(sum(amount) FILTER (WHERE flow = 'received_new' AND manner = 'late'), 0) AS accepted_late,
               coalesce(sum(amount) FILTER (WHERE flow = 'resolved' AND timeliness = 'early'), 0) AS resolved_early,
               coalesce(sum(amount) FILTER (WHERE flow = 'resolved' AND manner = 'resolved' AND timeliness = 'on_time'), 0) AS resolved_on_time,
               coalesce(sum(amount) FILTER (WHERE flow = 'resolved' AND manner = 'resolved' AND timeliness = 'late' AND NOT apologised), 0) AS resolved_late,
               coalesce(sum(amount) FILTER (WHERE flow = 'resolved' AND manner = 'resolved' AND timeliness = 'late' AND apologised), 0) AS resolved_late_sorry,
               coalesce(sum(amount) FILTER (WHERE flow = 'resolved' AND manner = 'stopped' AND timeliness = 'on_time'), 0) AS stopped_on_time,
               coalesce(sum(amount) FILTER (WHERE flow = 'resolved' AND manner = 'stopped' AND timeliness = 'late' AND NOT apologised), 0) AS stopped_late,
               coalesce(sum(amount) FILTER (WHERE flow = 'resolved' AND manner = 'stopped' AND timeliness = 'late' AND apologised), 0) AS stopped_late_sorry,
               coalesce(sum(amount) FILTER (WHERE flow = 'resolved' AND manner = 'withdrawn' AND timeliness = 'on_time'), 0) AS withdrawn_on_time,
               coalesce(sum(amount) FILTER (WHERE flow = 'resolved' AND manner = 'withdrawn' AND timeliness = 'late' AND NOT apologised), 0) AS withdrawn_late,
               coalesce(sum(amount) FILTER (WHERE flow = 'resolved' AND manner = 'withdrawn' AND timeliness = 'late' AND apologised), 0) AS withdrawn_late_sorry,
               coalesce(sum(amount) FILTER (WHERE flow = 'overdue' AND NOT apologised), 0) AS overdue,
               coalesce(sum(amount) FILTER (WHERE flow = 'overdue' AND apologised), 0) AS overdue_sorry
        FROM dated GROUP BY day, known_on, procedure, field, office, channel, level
    )
    INSERT INTO sums
    SELECT s.span || '/' || k.span AS spans, date_trunc(s.span, day::timestamp)::date AS first,
           CASE k.span WHEN 'ever' THEN '-infinity' ELSE date_trunc(k.span, known_on::timestamp)::date END AS known_first,
           procedure, field, office, channel, level,
           sum(submitted),
           sum(rejected),
           sum(withdrawn_waiting),
           sum(accepted_in_time),
           sum(accepted_late),
           sum(resolved_early),
           sum(resolved_on_time),
           sum(resolved_late),
           sum(resolved_late_sorry),
           sum(stopped_on_time),
           sum(stopped_late),
           sum(stopped_late_sorry),
           sum(withdrawn_on_time),
           sum(withdrawn_late),
           sum(withdrawn_late_sorry),
           sum(overdue),
           sum(overdue_sorry)
    FROM wide, unnest('{day,month,year,decade}'::text[]) s(span), unnest('{day,month,year,ever}'::text[]) k(span)
    GROUP BY spans, first, known_first, procedure, field, office, channel, level
    ORDER BY spans, known_first, first, procedure, field, office, channel, level
    ON CONFLICT ON CONSTRAINT one_sum_per_spans_and_row DO UPDATE SET
        submitted = sums.submitted + excluded.submitted,
        rejected = sums.rejected + excluded.rejected,
        withdrawn_waiting = sums.withdrawn_waiting + excluded.withdrawn_waiting,
        accepted_in_time = sums.accepted_in_time + excluded.accepted_in_time,
        accepted_late = sums.accepted_late + excluded.accepted_late,
        resolved_early = sums.resolved_early + excluded.resolved_early,
        resolved_on_time = sums.resolved_on_time + excluded.resolved_on_time,
        resolved_late = sums.resolved_late + excluded.resolved_late,
        resolved_late_sorry = sums.resolved_late_sorry + excluded.resolved_late_sorry,
        stopped_on_time = sums.stopped_on_time + excluded.stopped_on_time,
        stopped_late = sums.stopped_late + excluded.stopped_late,
        stopped_late_sorry = sums.stopped_late_sorry + excluded.stopped_late_sorry,
        withdrawn_on_time = sums.withdrawn_on_time + excluded.withdrawn_on_time,
        withdrawn_late = sums.withdrawn_late + excluded.withdrawn_late,
        withdrawn_late_sorry = sums.withdrawn_late_sorry + excluded.withdrawn_late_sorry,
        overdue = sums.overdue + excluded.overdue,
        overdue_sorry = sums.overdue_sorry + excluded.overdue_sorry;

    -- A slice that is marked already is locked and not written: who clears the mark waits for this transaction, and then sees its lines.
    INSERT INTO slices AS s (span, known_on)
    SELECT n.span, date_trunc(n.span, d.known_on::timestamp)::date
    FROM (SELECT DISTINCT (recorded_at AT TIME ZONE INTERVAL '07:00')::date AS known_on FROM new_entries) d,
         unnest('{day,month,year}'::text[]) n(span)
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (span, known_on) DO UPDATE SET changed = true WHERE NOT s.changed;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION add_to_sums() FROM PUBLIC;
