-- Who publishes the log, and how far it is published, per Kafka cluster: a broker that comes back empty has no row and gets everything again.

CREATE TABLE relay_lease (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    owner uuid,
    epoch bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO relay_lease DEFAULT VALUES;

CREATE TABLE relay_cursors (
    cluster_id text NOT NULL,
    feed text NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL,
    offsets jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (cluster_id, feed)
);
COMMENT ON COLUMN relay_cursors.offsets IS 'topic → partition → the offset after the last acknowledged message of this feed';

GRANT SELECT, UPDATE ON relay_lease TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON relay_cursors TO {role};
