-- A dossier with payments was acted on: what became of them may be something else now.
-- Guarantee: no act leaves the refund list behind, whoever dies after it. Test: test_an_act_has_its_payments_weighed_again.
CREATE OR REPLACE FUNCTION weigh_again() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
    NEW.payments_weighed := false;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION weigh_again() FROM PUBLIC;
