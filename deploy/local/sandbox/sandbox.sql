-- Dates what a sandbox's database records by the sandbox's clock: the true one, and the seconds by which it is ahead. Run by the superuser
-- behind the migrations, at each start. It changes where a name is looked for, and no table or function of a service: the service's role,
-- and functions and defaults that ask the clock, find sandbox.clock_timestamp() before PostgreSQL's own.
CREATE SCHEMA IF NOT EXISTS sandbox;
GRANT USAGE ON SCHEMA sandbox TO PUBLIC;
CREATE TABLE IF NOT EXISTS sandbox.clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), ahead_seconds double precision NOT NULL
);
CREATE OR REPLACE FUNCTION sandbox.clock_timestamp() RETURNS timestamptz
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => (SELECT ahead_seconds FROM sandbox.clock))
$$;
DO $$
DECLARE
    asks record;
BEGIN
    FOR asks IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prosrc LIKE '%clock_timestamp()%'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = sandbox, pg_catalog, public, pg_temp', asks.name);
    END LOOP;
    FOR asks IN
        SELECT a.attrelid::regclass AS name, a.attname FROM pg_attrdef d
        JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND pg_get_expr(d.adbin, d.adrelid) = 'clock_timestamp()'
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER %I SET DEFAULT sandbox.clock_timestamp()', asks.name, asks.attname);
    END LOOP;
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = sandbox, pg_catalog, public', current_database(), current_database());
END
$$;
