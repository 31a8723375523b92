-- Takes back what was heard of acts of applicants that an import struck out, and what the rows of the queue say of them. What still
-- stands and names no request, or waits for an officer, goes on bringing its dossier to one; payments that stand are weighed again.
CREATE OR REPLACE FUNCTION strike_heard(of_dossiers uuid[], of_sequences integer[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    DELETE FROM heard h USING unnest(of_dossiers, of_sequences) AS s(dossier_id, sequence)
    WHERE h.dossier_id = s.dossier_id AND h.sequence = s.sequence;
    UPDATE dossiers d SET asked = n.asked, supplied_at = n.supplied_at,
        brought = CASE WHEN n.unnamed THEN d.brought ELSE n.brought END,
        payments_weighed = CASE WHEN d.payments_weighed THEN false ELSE d.payments_weighed END
    FROM (
        SELECT s.dossier_id, coalesce(max(h.sequence) FILTER (WHERE h.what = 'WithdrawalRequested'), 0) AS asked,
               max(h.happened_at) FILTER (WHERE h.what = 'SupplementProvided') AS supplied_at,
               coalesce(max(h.request), 0) AS brought,
               coalesce(bool_or((h.what = 'SupplementProvided' AND h.request IS NULL) OR h.outcome = 'waits'), false) AS unnamed
        FROM (SELECT DISTINCT unnest(of_dossiers) AS dossier_id) s LEFT JOIN heard h ON h.dossier_id = s.dossier_id
        GROUP BY s.dossier_id
    ) n WHERE d.dossier_id = n.dossier_id;
END $$;
REVOKE ALL ON FUNCTION strike_heard(uuid[], integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION strike_heard(uuid[], integer[]) TO {role};
