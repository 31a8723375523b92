-- Files that came in, whose bytes lie sealed in the object store. A file's own key is here until a dossier names it, and lies under
-- the dossier's key from then on.
CREATE TABLE files (
    file_id uuid PRIMARY KEY,
    owner text NOT NULL,
    upload_key text NOT NULL,
    name text NOT NULL,
    size bigint,
    received bigint NOT NULL DEFAULT 0,
    parts integer NOT NULL DEFAULT 0,
    told bytea,
    key bytea,
    kind text,
    sha256 bytea,
    fault text,
    scanned boolean,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT one_upload_per_key UNIQUE (owner, upload_key)
);
COMMENT ON COLUMN files.size IS 'as announced; null until its end came';
COMMENT ON COLUMN files.scanned IS 'null: not yet; false: there was no scanner';
CREATE INDEX files_waiting ON files (owner) WHERE key IS NOT NULL;
CREATE INDEX files_to_sweep ON files (begun_at) WHERE key IS NOT NULL OR fault IS NOT NULL;

CREATE TABLE file_parts (
    file_id uuid NOT NULL REFERENCES files ON DELETE CASCADE,
    begins_at bigint NOT NULL,
    size bigint NOT NULL,
    object text NOT NULL,
    CONSTRAINT one_part_at_each_place PRIMARY KEY (file_id, begins_at)
);
CREATE INDEX file_parts_by_object ON file_parts (object);

CREATE TABLE dossier_keys (
    dossier_id uuid PRIMARY KEY,
    key bytea,
    destroyed_at timestamptz,
    destroyed_by text,
    reason text
);
COMMENT ON COLUMN dossier_keys.key IS 'null once destroyed';

-- What a commitment names; it counts where the commitment stands in the log.
CREATE TABLE papers (
    commitment text NOT NULL,
    place integer NOT NULL,
    paper integer,
    dossier_id uuid NOT NULL,
    file_id uuid NOT NULL REFERENCES files,
    key bytea NOT NULL,
    named_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled boolean NOT NULL DEFAULT false,
    CONSTRAINT one_paper_at_each_place PRIMARY KEY (commitment, place)
);
CREATE INDEX papers_by_dossier ON papers (dossier_id);
CREATE INDEX papers_by_file ON papers (file_id);
COMMENT ON COLUMN papers.settled IS 'the sweep found its event; a row without one is taken away after an hour';
CREATE INDEX papers_to_settle ON papers (named_at) WHERE NOT settled;

GRANT SELECT, INSERT, UPDATE, DELETE ON files, file_parts, dossier_keys, papers TO {role};

\i ../../functions/note_paper_read.sql
