-- Drafts of filings, each sealed under a key of its own, which goes with its row.
CREATE TABLE drafts (
    owner text NOT NULL,
    draft_id uuid NOT NULL,
    procedure text NOT NULL,
    version integer NOT NULL,
    key bytea NOT NULL,
    sealed bytea NOT NULL,
    saved_at timestamptz NOT NULL,
    CONSTRAINT one_draft_of_each_form PRIMARY KEY (owner, draft_id)
);
COMMENT ON COLUMN drafts.draft_id IS 'the key of its form, under which it is filed once';
COMMENT ON COLUMN drafts.version IS 'how often what was typed has changed: of two tabs the slower one is told';
CREATE INDEX drafts_to_sweep ON drafts (saved_at);

-- The files of a draft are kept as long as it is.
CREATE TABLE draft_files (
    owner text NOT NULL,
    draft_id uuid NOT NULL,
    file_id uuid NOT NULL REFERENCES files,
    CONSTRAINT one_file_once_in_a_draft PRIMARY KEY (owner, draft_id, file_id),
    CONSTRAINT files_go_with_their_draft FOREIGN KEY (owner, draft_id) REFERENCES drafts ON DELETE CASCADE
);
CREATE INDEX draft_files_by_file ON draft_files (file_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON drafts, draft_files TO {role};
