-- What each officer is called, and the number of the change that said so, in the order in which the topic of names is told.
CREATE TABLE officer_names (
    officer text PRIMARY KEY,
    name text,
    change bigint NOT NULL,
    CONSTRAINT one_name_per_change UNIQUE (change)
);
COMMENT ON COLUMN officer_names.name IS 'null: no name is known any more';
INSERT INTO officer_names (officer, name, change)
SELECT o.subject, max(o.name), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + row_number() OVER (ORDER BY o.subject)
FROM officers o WHERE o.name IS NOT NULL GROUP BY o.subject;
GRANT SELECT ON officer_names TO {role};

\i ../../functions/keep_officer_names.sql
\i ../../functions/forget_officer.sql
\i ../../functions/keep_told_officers.sql
CREATE TRIGGER keep_officer_names AFTER INSERT OR UPDATE OF name OR DELETE ON officers
    FOR EACH ROW EXECUTE FUNCTION keep_officer_names();
