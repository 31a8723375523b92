-- Until when desks are to accept what waits, counted again: only where the dossier stands as it did when that was counted.
CREATE OR REPLACE FUNCTION move_intake_limits(dossier_ids uuid[], versions integer[], limits timestamptz[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    UPDATE dossiers d SET intake_due_at = n.intake_due_at
    FROM unnest(dossier_ids, versions, limits) AS n(dossier_id, version, intake_due_at)
    WHERE d.dossier_id = n.dossier_id AND d.version = n.version AND d.own_status = 'submitted';
END $$;
REVOKE ALL ON FUNCTION move_intake_limits(uuid[], integer[], timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION move_intake_limits(uuid[], integer[], timestamptz[]) TO {role};
