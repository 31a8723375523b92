-- A portal lists what it has filed, and what has changed since an instant.
CREATE INDEX events_by_filer ON events (actor, "position") WHERE type = 'DossierSubmitted';
CREATE INDEX events_by_record_time ON events USING brin (recorded_at) WITH (pages_per_range = 16, autosummarize = on);

ALTER TABLE steps ADD COLUMN heard_at timestamptz;
ALTER TABLE steps ALTER COLUMN heard_at SET DEFAULT clock_timestamp();
COMMENT ON COLUMN steps.heard_at IS 'when intake was told; null for what it was told before it kept this';
CREATE INDEX steps_by_time ON steps USING brin (heard_at) WITH (pages_per_range = 16, autosummarize = on);
