-- The lines of the access log about dossiers of `its_office` before the line numbered `before`, the latest first; what is null is not
-- asked for. A caller without an office reads none.
CREATE OR REPLACE FUNCTION people_reads(
    its_office text, actors text[], of_dossier uuid, since timestamptz, until timestamptz, before bigint, lines integer
)
RETURNS TABLE (number bigint, accessed_at timestamptz, actor text, dossier_id uuid, purpose text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT p.number, p.accessed_at, p.actor, p.dossier_id, p.purpose FROM people_access p
    WHERE p.office = its_office AND its_office <> '' AND p.number < before
        AND (actors IS NULL OR p.actor = ANY (actors)) AND (of_dossier IS NULL OR p.dossier_id = of_dossier)
        AND (since IS NULL OR p.accessed_at >= since) AND (until IS NULL OR p.accessed_at < until)
    ORDER BY p.number DESC LIMIT lines;
END $$;
REVOKE ALL ON FUNCTION people_reads(text, text[], uuid, timestamptz, timestamptz, bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION people_reads(text, text[], uuid, timestamptz, timestamptz, bigint, integer) TO {role};
