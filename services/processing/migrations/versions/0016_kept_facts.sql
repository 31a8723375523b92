-- Rows stand in the order of their time: an index of a few pages finds the oldest.
CREATE INDEX fired_by_time ON fired USING brin (recorded_at);
\i ../../functions/forget_fired.sql
