-- Of which dossiers somebody asked to reverse an act: where to look for what waits for another supervisor. The log says what waits.
CREATE TABLE reversals_asked (dossier_id uuid PRIMARY KEY);
GRANT SELECT, INSERT ON reversals_asked TO {role};
