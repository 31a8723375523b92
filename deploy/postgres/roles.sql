-- The roles of the four services: `<service>` runs and may only what its migrations grant, `<service>_owner` migrates.
-- Passwords are read from settings of the session, `motcua.<role>` (PGOPTIONS="-c motcua.intake=… …"), never from this
-- file. Run again, it sets the passwords anew and changes nothing else.
-- `analyst` reads the views of reporting's database (schema analysts) and nothing else, on few connections and never for long.
-- What a service's sessions begin with stands with its role: a pooler in between passes no settings of a session on.
DO $$
DECLARE
    service text;
    role text;
BEGIN
    FOREACH service IN ARRAY ARRAY['intake', 'processing', 'notify', 'reporting'] LOOP
        FOREACH role IN ARRAY ARRAY[service, service || '_owner'] LOOP
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', role);
            END IF;
            EXECUTE format('ALTER ROLE %I PASSWORD %L', role, current_setting('motcua.' || role));
        END LOOP;
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', service, '30s');
        EXECUTE format('ALTER ROLE %I SET jit = off', service);
    END LOOP;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analyst') THEN
        CREATE ROLE analyst LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 8;
    END IF;
    EXECUTE format('ALTER ROLE analyst PASSWORD %L', current_setting('motcua.analyst'));
    ALTER ROLE analyst SET default_transaction_read_only = on;
    ALTER ROLE analyst SET statement_timeout = '5min';
    ALTER ROLE analyst SET idle_in_transaction_session_timeout = '30s';
END
$$;
