-- A log that differs from what was published of it takes and publishes nothing more, until an operator says which way out.

CREATE TABLE log_refusals (
    refusal_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    cluster_id text NOT NULL,
    detail text NOT NULL,
    lifted_at timestamptz,
    lifted_by text,
    reason text,
    CONSTRAINT a_lift_names_who_and_why CHECK (num_nulls(lifted_at, lifted_by, reason) IN (0, 3))
);
CREATE UNIQUE INDEX one_open_refusal ON log_refusals ((true)) WHERE lifted_at IS NULL;
COMMENT ON TABLE log_refusals IS 'An open row closes append() and the relay. Only the owner may lift it.';

-- Under the head lock: once it has returned, no append is under way that did not see the row.
CREATE FUNCTION refuse_log(of_cluster text, why text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    INSERT INTO log_refusals (cluster_id, detail) VALUES (of_cluster, why) ON CONFLICT DO NOTHING;
END $$;
REVOKE ALL ON FUNCTION refuse_log(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refuse_log(text, text) TO {role};
GRANT SELECT ON log_refusals TO {role};

-- A trigger, not a line of append(): it holds for every function that writes the log. It fires for an append of nothing too.
CREATE FUNCTION take_nothing_when_refused() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM log_refusals WHERE lifted_at IS NULL) THEN
        RAISE EXCEPTION 'log-rewound' USING ERRCODE = 'MC001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER a_refused_log_takes_nothing BEFORE INSERT ON events
    FOR EACH STATEMENT EXECUTE FUNCTION take_nothing_when_refused();
