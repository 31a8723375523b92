-- A topic that is deleted and made again has another id: its offsets mean nothing to positions and cursors of before.
ALTER TABLE reader_positions ADD COLUMN topic_id text NOT NULL DEFAULT '';
COMMENT ON COLUMN reader_positions.topic_id IS 'of which topic the position speaks; another one begins at 0; empty until it was asked';
ALTER TABLE IF EXISTS relay_cursors ADD COLUMN topic_ids jsonb NOT NULL DEFAULT '{}';
