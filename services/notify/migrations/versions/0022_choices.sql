-- What an applicant does not want, by kind and channel; the web inbox has everything.
CREATE TABLE switched_off (
    applicant_id uuid NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'sms')),
    since timestamptz NOT NULL,
    PRIMARY KEY (applicant_id, kind, channel)
);
-- Which inbox notices were read, and when first.
CREATE TABLE inbox_reads (
    dossier_id uuid NOT NULL,
    notice_id uuid NOT NULL,
    read_at timestamptz NOT NULL,
    CONSTRAINT a_notice_is_read_once PRIMARY KEY (dossier_id, notice_id)
);
GRANT SELECT, INSERT, DELETE ON switched_off TO {role};
GRANT SELECT, INSERT ON inbox_reads TO {role};
