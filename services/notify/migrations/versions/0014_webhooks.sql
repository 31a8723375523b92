-- Where a portal wants to be called. Its secrets are sealed; the old one still signs until it ends.
CREATE TABLE subscriptions (
    subscription_id uuid PRIMARY KEY,
    owner text NOT NULL,
    url text NOT NULL,
    types text[] NOT NULL,
    sealed_secret text NOT NULL,
    old_sealed_secret text,
    old_until timestamptz,
    created_at timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    last_failure text,
    paused_at timestamptz,
    not_before timestamptz NOT NULL,
    claimed_until timestamptz,
    claims integer NOT NULL DEFAULT 0,
    CONSTRAINT one_subscription_for_each_address UNIQUE (owner, url)
) WITH (fillfactor = 70);
COMMENT ON COLUMN subscriptions.types IS 'event types without version; empty for all';

-- What is to be told to whom, in order; codes and ids alone. Told ones stay for a while, so that they can be told again.
CREATE TABLE calls (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscription_id uuid NOT NULL REFERENCES subscriptions ON DELETE CASCADE,
    dossier_id uuid NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    source text NOT NULL,
    sequence integer NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    taken_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX calls_to_make ON calls (subscription_id, number) WHERE taken_at IS NULL;
CREATE INDEX calls_of_subscription ON calls (subscription_id, recorded_at);
CREATE INDEX calls_taken ON calls (taken_at) WHERE taken_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON subscriptions, calls TO {role};
