-- What a reader was last told of each log that it reads: its incarnations, and up to which position the reader had it then.
CREATE TABLE reader_logs (
    reader text NOT NULL,
    producer text NOT NULL,
    incarnations jsonb NOT NULL,
    position bigint NOT NULL,
    said_at timestamptz NOT NULL,
    PRIMARY KEY (reader, producer)
) WITH (fillfactor = 50);
COMMENT ON COLUMN reader_logs.said_at IS 'up to when the log was complete by that word: an older word is not compared';
GRANT SELECT, INSERT, UPDATE ON reader_logs TO {role};
