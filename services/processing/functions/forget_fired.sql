-- Drops what became true of dossiers that have ended since, once it is older than it is kept, at most 10,000 rows at once; how many.
-- What is open keeps its rows however old they are: without them it would be told again. Called every hour.
CREATE OR REPLACE FUNCTION forget_fired(older_than timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM fired WHERE ctid = ANY (ARRAY(
            SELECT f.ctid FROM fired f WHERE f.recorded_at < older_than AND NOT EXISTS (
                SELECT FROM dossiers d WHERE d.dossier_id = f.dossier_id
                    AND d.own_status IN ('submitted', 'accepted', 'in_processing', 'supplement_requested', 'payment_requested')
            )
            LIMIT 10000
        )) RETURNING 1
    )
    SELECT count(*) FROM gone;
$$;
REVOKE ALL ON FUNCTION forget_fired(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_fired(timestamptz) TO {role};
