-- What officers are called, as the topic of their names says it: a row for each, the newest word. NULL: no name is known any more.
CREATE TABLE officer_names (
    officer text PRIMARY KEY,
    change bigint NOT NULL,
    name text
);
GRANT SELECT, INSERT, UPDATE ON officer_names TO {role};
