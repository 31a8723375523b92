-- What was published: the question, what it rested on, and the numbers as the bytes that the hash is over. Rows are only ever added.
CREATE TABLE vintages (
    number int PRIMARY KEY,
    published_by text NOT NULL,
    request_key text NOT NULL,
    published_at timestamptz NOT NULL,
    first_on date,
    last_on date NOT NULL,
    period text NOT NULL,
    scheme text NOT NULL,
    by text NOT NULL,
    as_of timestamptz NOT NULL,
    positions json NOT NULL,
    code_version text NOT NULL,
    projection int NOT NULL,
    zone text NOT NULL,
    made_up boolean NOT NULL,
    result text NOT NULL,
    result_hash text NOT NULL,
    CONSTRAINT a_request_publishes_once UNIQUE (published_by, request_key)
);
COMMENT ON COLUMN vintages.as_of IS 'what was recorded up to this instant is in it, and nothing else';
COMMENT ON COLUMN vintages.positions IS 'of each producer the log position up to which it had been heard';
COMMENT ON COLUMN vintages.result IS 'question and numbers as canonical JSON; result_hash is over these bytes';
COMMENT ON COLUMN vintages.projection IS 'the version of the rules by which the book was folded';
GRANT SELECT, INSERT ON vintages TO {role};
