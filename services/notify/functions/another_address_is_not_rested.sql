-- Letters came back from the address of before: whoever writes another one, of whichever release, lets it be tried.
-- Guarantee: a new address is not rested for what came back from the old one. Test: test_another_address_is_tried.
CREATE OR REPLACE FUNCTION another_address_is_not_rested() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.rested_at := NULL;
    NEW.rested_for := NULL;
    NEW.soft_bounces := 0;
    NEW.soft_bounced_at := NULL;
    RETURN NEW;
END $$;
