-- What became of each payment, and what of it is to be given back: weighed again whenever its dossier has moved.
-- In the order in which whoever hears of a payment takes these tables.
ALTER TABLE dossiers ADD COLUMN payments_weighed boolean;
COMMENT ON COLUMN dossiers.payments_weighed IS 'null while no payment was weighed; false since it was acted on after that';
ALTER TABLE heard ADD COLUMN method text, ADD COLUMN payment_use text, ADD COLUMN to_refund bigint;
COMMENT ON COLUMN heard.method IS 'of a payment: the way by which it came; null of what was heard before that was told';
COMMENT ON COLUMN heard.payment_use IS 'of a payment: what became of it; null until it was weighed';
COMMENT ON COLUMN heard.to_refund IS 'of a payment: what is to be given back of it, in its currency; null for nothing';
CREATE INDEX dossiers_to_weigh ON dossiers (dossier_id) WHERE NOT payments_weighed;
CREATE INDEX heard_to_weigh ON heard (dossier_id) WHERE what = 'FeePaid' AND payment_use IS NULL;
CREATE INDEX heard_refunds ON heard (dossier_id, sequence) WHERE to_refund IS NOT NULL;

\i ../../functions/weigh_again.sql
CREATE TRIGGER weigh_again BEFORE UPDATE ON dossiers
    FOR EACH ROW WHEN (OLD.payments_weighed AND NEW.version <> OLD.version) EXECUTE FUNCTION weigh_again();
\i ../../functions/keep_weighed_payments.sql
