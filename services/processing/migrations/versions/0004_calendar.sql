-- What a change of the calendar has to count again, and how far that is. One row for each stretch of the calendar's versions;
-- one that has no `finished_at` is taken up by whoever holds it until `held_until`, from its cursor on.
CREATE TABLE recounts (
    recount_id uuid PRIMARY KEY,
    from_version integer NOT NULL,
    to_version integer NOT NULL,
    days date[] NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    total integer NOT NULL,
    done integer NOT NULL DEFAULT 0,
    moved integer NOT NULL DEFAULT 0,
    last_dossier uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    finished_at timestamptz,
    holder uuid,
    held_until timestamptz,
    CONSTRAINT one_recount_per_change UNIQUE (from_version),
    CONSTRAINT versions_go_on CHECK (from_version < to_version)
);
COMMENT ON COLUMN recounts.days IS 'counted otherwise since from_version, when the recount began';
COMMENT ON COLUMN recounts.last_dossier IS 'the cursor: open dossiers up to this one are done';

-- A recount walks the open dossiers alone, however many have ended.
CREATE INDEX dossiers_open ON dossiers (dossier_id)
    WHERE own_status IN ('submitted', 'accepted', 'in_processing', 'supplement_requested', 'payment_requested');

\i ../../functions/move_intake_limits.sql
GRANT SELECT, INSERT ON recounts TO {role};
GRANT UPDATE (done, moved, last_dossier, finished_at, holder, held_until) ON recounts TO {role};
