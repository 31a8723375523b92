-- A log whose last record time lies ahead of the clock takes nothing, until the clock has come there or its owner accepts it.
CREATE TABLE log_clock_accepted (
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    up_to timestamptz NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL
);
COMMENT ON TABLE log_clock_accepted IS 'Up to which record times, ahead of the clock as they are, the owner lets appends go on.';
GRANT SELECT ON log_clock_accepted TO {role};

\i functions/log_is_ahead.sql
\i functions/take_nothing_ahead_of_the_clock.sql
CREATE TRIGGER a_log_ahead_of_the_clock_takes_nothing BEFORE INSERT ON events
    FOR EACH STATEMENT EXECUTE FUNCTION take_nothing_ahead_of_the_clock();
\i functions/log_position.sql
