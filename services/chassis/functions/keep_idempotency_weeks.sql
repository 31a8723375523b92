-- Creates this week's partition of idempotency keys and the next two, drops those older than 14 days. Called at start and every hour.
-- Guarantee: a dump that runs for hours holds up no append, not for a moment. Test: test_a_dump_holds_up_no_append.
-- So nothing here takes the head of the log: a partition is made apart and attached, for which a dump need not end; dropping one
-- needs a lock that a dump holds. Who waits for it keeps all behind him waiting, so nobody waits: it is had at once, in one of a second's
-- tries, or left to the next hour.
CREATE OR REPLACE FUNCTION keep_idempotency_weeks(today date) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
    monday date;
    partition text;
    tries integer := 50;
BEGIN
    -- One at a time: whoever comes second finds it done.
    IF NOT pg_try_advisory_xact_lock(hashtext('keep_idempotency_weeks')) THEN
        RETURN;
    END IF;
    FOR ahead IN 0..2 LOOP
        monday := date_trunc('week', today)::date + 7 * ahead;
        partition := 'idempotency_keys_' || to_char(monday, 'YYYYMMDD');
        IF to_regclass(partition) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE idempotency_keys INCLUDING ALL)', partition);
            EXECUTE format('ALTER TABLE idempotency_keys ATTACH PARTITION %I FOR VALUES IN (%L)', partition, monday);
        END IF;
    END LOOP;
    SET LOCAL lock_timeout = '1ms'; -- of a partition that somebody reads without its table
    FOR partition IN
        SELECT inhrelid::regclass::text FROM pg_inherits
        WHERE inhparent = 'idempotency_keys'::regclass
          AND to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD') + 7 + 14 <= today
    LOOP
        LOOP
            BEGIN
                LOCK TABLE ONLY idempotency_keys IN ACCESS EXCLUSIVE MODE NOWAIT;
                EXECUTE format('DROP TABLE %s', partition);
                EXIT;
            EXCEPTION WHEN lock_not_available THEN
                tries := tries - 1;
                IF tries <= 0 THEN
                    RAISE LOG '% is dropped later: it is being read', partition;
                    EXIT;
                END IF;
            END;
            PERFORM pg_sleep(0.02);
        END LOOP;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION keep_idempotency_weeks(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_idempotency_weeks(date) TO {role};
