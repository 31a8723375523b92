-- Lines stand in the order of their time: an index of a few pages finds the oldest.
CREATE INDEX people_access_by_time ON people_access USING brin (accessed_at);
\i ../../functions/forget_people_access.sql
