-- A dossier can be stopped: handed back without a decision on its merits.
ALTER TABLE dossiers DROP CONSTRAINT status_is_known;
ALTER TABLE dossiers ADD CONSTRAINT status_is_known CHECK (
    status IN ('submitted', 'accepted', 'rejected', 'resolved', 'stopped')
);
