-- Keeps what became of the payments of dossiers that were weighed at these versions. Of one that has moved on, or of which a payment
-- came or was struck out meanwhile, nothing is kept, and it is weighed again. A payment of which nothing is given back has 0 for it.
-- Guarantee: nothing is kept that was weighed with a payment which is struck out.
-- Test: test_what_is_struck_out_while_it_is_weighed_is_weighed_again.
CREATE OR REPLACE FUNCTION keep_weighed_payments(
    dossiers_weighed uuid[], versions integer[], payments bigint[], of_dossiers uuid[], of_sequences integer[], uses text[], refunds bigint[]
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    WITH stands AS (
        UPDATE dossiers d SET payments_weighed = true
        FROM unnest(dossiers_weighed, versions, payments) AS n(dossier_id, version, payments)
        WHERE d.dossier_id = n.dossier_id AND d.version = n.version
          AND n.payments = (SELECT count(*) FROM heard h WHERE h.dossier_id = d.dossier_id AND h.what = 'FeePaid')
        RETURNING d.dossier_id
    )
    UPDATE heard h SET payment_use = w.payment_use, to_refund = nullif(w.to_refund, 0)
    FROM unnest(of_dossiers, of_sequences, uses, refunds) AS w(dossier_id, sequence, payment_use, to_refund)
    JOIN stands s ON s.dossier_id = w.dossier_id
    WHERE h.dossier_id = w.dossier_id AND h.sequence = w.sequence;
END $$;
REVOKE ALL ON FUNCTION keep_weighed_payments(uuid[], integer[], bigint[], uuid[], integer[], text[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_weighed_payments(uuid[], integer[], bigint[], uuid[], integer[], text[], bigint[]) TO {role};
