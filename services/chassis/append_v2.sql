-- What the program calls bears a version, with the types that it sends: a change is a new pair beside the old one, which goes a
-- release later. A running program knows its types by heart: an attribute added to one of them fails its every append.
CREATE TYPE new_item_v2 AS (
    stream_id uuid, expected_version integer, command_id uuid, events integer, caller text, key text, body_hmac bytea
);
CREATE TYPE new_event_v2 AS (
    item integer, index smallint, stream_id uuid, event_id uuid, command_id uuid, type text, schema_version smallint,
    occurred_at timestamptz, actor text, correlation_id uuid, causation_id uuid, traceparent text, counter text, data text
);
\i functions/append_v2.sql
\i functions/try_append_v2.sql
