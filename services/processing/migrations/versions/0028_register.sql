-- What is not accepted stands in no register, so that hearing of a submission writes nothing here.
CREATE INDEX dossiers_by_acceptance ON dossiers (office, accepted_at, dossier_id) WHERE accepted_at IS NOT NULL;
