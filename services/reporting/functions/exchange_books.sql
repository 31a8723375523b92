-- The tables of the schema `coming` take the place of those in `public`, which are kept in `before`; views that read the live tables read the
-- new ones. Gives way at once to whoever reads: the caller says how long it waits for a lock. Called by the owner alone.
CREATE OR REPLACE FUNCTION exchange_books(coming text, book text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    step record;
    views text[];
    names text;
BEGIN
    SELECT string_agg(format('%I.%I', c.relnamespace::regnamespace::text, c.relname), ', ' ORDER BY c.relnamespace, c.relname) INTO names
    FROM pg_class c WHERE c.relnamespace IN ('public'::regnamespace, coming::regnamespace) AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition AND c.relname = ANY(book);
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', names);
    SELECT array_agg(format('CREATE OR REPLACE VIEW %I.%I AS %s', v.nspname, v.relname, pg_get_viewdef(v.oid)) ORDER BY v.oid) INTO views
    FROM (
        SELECT DISTINCT v.oid, n.nspname, v.relname
        FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid JOIN pg_rewrite r ON r.oid = d.objid
        JOIN pg_class v ON v.oid = r.ev_class AND v.relkind = 'v' JOIN pg_namespace n ON n.oid = v.relnamespace
        WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
            AND t.relnamespace = 'public'::regnamespace AND t.relname = ANY(book)
    ) v;
    CREATE SCHEMA leaving;
    FOR step IN
        SELECT format('GRANT USAGE ON SCHEMA leaving TO %s', a.grantee::regrole) AS statement
        FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = coming AND a.grantee NOT IN (0, n.nspowner)
        UNION ALL
        SELECT format('ALTER TABLE public.%I SET SCHEMA leaving', t.relname)
        FROM pg_class t LEFT JOIN pg_inherits i ON i.inhrelid = t.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
        WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND coalesce(p.relname, t.relname) = ANY(book)
    LOOP
        EXECUTE step.statement;
    END LOOP;
    FOR step IN
        SELECT format('ALTER TABLE %I.%I SET SCHEMA public', coming, t.relname) AS statement
        FROM pg_class t WHERE t.relnamespace = coming::regnamespace AND t.relkind IN ('r', 'p')
    LOOP
        EXECUTE step.statement;
    END LOOP;
    FOR step IN SELECT unnest(views) AS statement LOOP
        EXECUTE step.statement;
    END LOOP;
    EXECUTE format('DROP SCHEMA %I', coming);
    DROP SCHEMA IF EXISTS before CASCADE;
    ALTER SCHEMA leaving RENAME TO before;
END $$;
REVOKE ALL ON FUNCTION exchange_books(text, text[]) FROM PUBLIC;
