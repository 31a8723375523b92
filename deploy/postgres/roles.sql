-- The roles of the four services: `<service>` runs and may only what its migrations grant, `<service>_owner` migrates.
-- Passwords are read from settings of the session, `motcua.<role>` (PGOPTIONS="-c motcua.intake=… …"), never from this
-- file. Run again, it sets the passwords anew and changes nothing else.
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
END
$$;
