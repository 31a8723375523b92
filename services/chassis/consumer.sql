-- What a reader has of each topic, and what it holds back. The effect of a message, its version and the position commit together.

CREATE TABLE reader_positions (
    reader text NOT NULL,
    cluster_id text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (reader, cluster_id, topic, partition)
);
COMMENT ON COLUMN reader_positions.position IS 'offset of the next message to apply';

CREATE TABLE applied_versions (
    stream_id uuid NOT NULL,
    producer text NOT NULL,
    version integer NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (stream_id, producer)
) WITH (fillfactor = 80);

CREATE TABLE held (
    held_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader text NOT NULL,
    stream_id uuid,
    reason text NOT NULL,
    detail text NOT NULL DEFAULT '',
    cluster_id text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key bytea,
    value bytea,
    headers json NOT NULL,
    held_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    dead_lettered_at timestamptz,
    CONSTRAINT a_record_is_held_once UNIQUE (reader, cluster_id, topic, partition, "offset")
);
CREATE INDEX held_by_stream ON held (stream_id);

CREATE TABLE discarded (
    discarded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    reason text NOT NULL,
    reader text NOT NULL,
    stream_id uuid,
    held_reason text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL
);

CREATE TABLE redrives_asked (
    reader text NOT NULL,
    stream_id uuid NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (reader, stream_id)
);
COMMENT ON TABLE redrives_asked IS 'streams whose queue the running reader shall try again';

GRANT SELECT, INSERT, UPDATE, DELETE ON reader_positions, applied_versions, held TO {role};
GRANT SELECT, INSERT ON discarded TO {role};
GRANT SELECT, INSERT, DELETE ON redrives_asked TO {role};
