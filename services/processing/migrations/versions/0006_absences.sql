-- An absence is never deleted: that it ended early, or never began, is a later fact beside it.
ALTER TABLE absences
    ADD COLUMN back_on date,
    ADD COLUMN ended_by text,
    ADD COLUMN ended_under uuid,
    ADD COLUMN said_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN ended_at timestamptz,
    ADD CONSTRAINT an_early_end_is_whole CHECK (num_nulls(back_on, ended_by, ended_under, ended_at) IN (0, 4)),
    ADD CONSTRAINT an_early_end_is_early CHECK (back_on <= last_on);
COMMENT ON COLUMN absences.back_on IS 'the first day that no longer counts; on or before first_on the absence was taken back';
COMMENT ON COLUMN absences.ended_under IS 'the command that ended it, by which its repeat is recognised';
-- What the list of a unit walks.
CREATE INDEX absences_by_unit ON absences (unit, last_on, absence_id);

GRANT UPDATE (back_on, ended_by, ended_under, ended_at) ON absences TO {role};
