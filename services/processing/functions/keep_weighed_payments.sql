-- Keeps what became of the payments of dossiers that were weighed at these versions; of one that has moved on nothing is kept, and it
-- is weighed again. A payment of which nothing is given back has 0 for it.
CREATE OR REPLACE FUNCTION keep_weighed_payments(
    dossiers_weighed uuid[], versions integer[], of_dossiers uuid[], of_sequences integer[], uses text[], refunds bigint[]
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    WITH stands AS (
        UPDATE dossiers d SET payments_weighed = true
        FROM unnest(dossiers_weighed, versions) AS n(dossier_id, version)
        WHERE d.dossier_id = n.dossier_id AND d.version = n.version
        RETURNING d.dossier_id
    )
    UPDATE heard h SET payment_use = w.payment_use, to_refund = nullif(w.to_refund, 0)
    FROM unnest(of_dossiers, of_sequences, uses, refunds) AS w(dossier_id, sequence, payment_use, to_refund)
    JOIN stands s ON s.dossier_id = w.dossier_id
    WHERE h.dossier_id = w.dossier_id AND h.sequence = w.sequence;
END $$;
REVOKE ALL ON FUNCTION keep_weighed_payments(uuid[], integer[], uuid[], integer[], text[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_weighed_payments(uuid[], integer[], uuid[], integer[], text[], bigint[]) TO {role};
