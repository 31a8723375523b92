-- What the thousand events up to a position say, and all before them by the digest of those.
CREATE OR REPLACE FUNCTION digest_of_events(up_to bigint, digest_before bytea) RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT sha256(digest_before || convert_to(string_agg(concat_ws(
        '|', e.position, e.stream_id, e.version, e.event_id, e.command_id, e.index, e.type, e.schema_version,
        extract(epoch FROM e.occurred_at), extract(epoch FROM e.recorded_at), e.actor, e.data::text
    ), E'\n' ORDER BY e.position), 'UTF8'))
    FROM events e WHERE e.position > up_to - 1000 AND e.position <= up_to
$$;
REVOKE ALL ON FUNCTION digest_of_events(bigint, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION digest_of_events(bigint, bytea) TO {role};
