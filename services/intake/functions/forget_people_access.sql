-- Drops the lines of the access log that are older than the law keeps them, at most 10,000 at once; how many. Called every hour.
CREATE OR REPLACE FUNCTION forget_people_access(older_than timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM people_access WHERE ctid = ANY (ARRAY(
            SELECT p.ctid FROM people_access p WHERE p.accessed_at < older_than AND older_than < clock_timestamp() - interval '1 year'
            LIMIT 10000
        )) RETURNING 1
    )
    SELECT count(*) FROM gone;
$$;
REVOKE ALL ON FUNCTION forget_people_access(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_people_access(timestamptz) TO {role};
