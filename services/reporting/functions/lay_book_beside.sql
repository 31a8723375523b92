-- Makes a schema with empty tables of the same shape as these of `public`: columns, checks, keys, indexes, triggers, partitions and rights.
-- Called by the owner alone.
CREATE OR REPLACE FUNCTION lay_book_beside(beside text, book text[], service text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    t record;
    part record;
    options text;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', beside);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', beside, service);
    FOR t IN
        SELECT c.oid, c.relname AS name, c.relkind = 'p' AS parted, c.reloptions, p.relname AS parent,
               pg_get_expr(c.relpartbound, c.oid) AS bound
        FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND coalesce(p.relname, c.relname) = ANY(book)
        ORDER BY p.relname IS NOT NULL, c.relname
    LOOP
        options := coalesce(' WITH (' || array_to_string(t.reloptions, ', ') || ')', '');
        IF t.parent IS NOT NULL THEN
            EXECUTE format('CREATE TABLE %1$I.%2$I PARTITION OF %1$I.%3$I %4$s%5$s', beside, t.name, t.parent, t.bound, options);
        ELSE
            EXECUTE format(
                'CREATE TABLE %1$I.%2$I (LIKE public.%2$I INCLUDING ALL EXCLUDING INDEXES)%3$s', beside, t.name,
                CASE WHEN t.parted THEN ' PARTITION BY ' || pg_get_partkeydef(t.oid) ELSE options END
            );
        END IF;
        FOR part IN
            SELECT format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', beside, t.name, conname, pg_get_constraintdef(oid)) AS statement
            FROM pg_constraint WHERE conrelid = t.oid AND contype IN ('p', 'u') AND conparentid = 0
            UNION ALL
            SELECT replace(pg_get_indexdef(i.indexrelid), ' ON public.', format(' ON %I.', beside))
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = t.oid AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
            UNION ALL
            SELECT replace(pg_get_triggerdef(oid), ' ON public.', format(' ON %I.', beside))
            FROM pg_trigger WHERE tgrelid = t.oid AND NOT tgisinternal
            UNION ALL
            SELECT format('COMMENT ON TABLE %I.%I IS %L', beside, t.name, said)
            FROM obj_description(t.oid, 'pg_class') said WHERE said IS NOT NULL
            UNION ALL
            SELECT format('GRANT %s ON %I.%I TO %s', string_agg(a.privilege_type, ', '), beside, t.name, a.grantee::regrole)
            FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = t.oid AND a.grantee NOT IN (0, c.relowner) GROUP BY a.grantee
        LOOP
            EXECUTE part.statement;
        END LOOP;
    END LOOP;
    -- As the migration that made them says: the one slice that is no day's.
    EXECUTE format($q$INSERT INTO %I.slices (span, known_on) VALUES ('ever', '-infinity')$q$, beside);
END $$;
REVOKE ALL ON FUNCTION lay_book_beside(text, text[], text) FROM PUBLIC;
