-- The applicant's acts after the submission, as intake told of them. They stand beside the log and never in it.
CREATE TABLE heard (
    dossier_id uuid NOT NULL,
    sequence integer NOT NULL,
    what text NOT NULL,
    happened_at timestamptz NOT NULL,
    event_id uuid NOT NULL,
    request integer,
    amount bigint,
    currency text,
    outcome text,
    CONSTRAINT one_row_per_act PRIMARY KEY (dossier_id, sequence)
);
COMMENT ON COLUMN heard.outcome IS 'of a payment: confirmed, unasked, waits (for an officer) or refund; null until it was looked at';
CREATE INDEX heard_payments_to_look_at ON heard (dossier_id, sequence) WHERE what = 'FeePaid' AND outcome IS NULL;
CREATE INDEX heard_payments ON heard (dossier_id) WHERE what = 'FeePaid';

-- What became true by itself, and when. One row for each dossier, kind and the day that it hangs on, however often it is swept.
CREATE TABLE fired (
    dossier_id uuid NOT NULL,
    kind text NOT NULL,
    day date NOT NULL,
    true_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT one_row_per_fact PRIMARY KEY (dossier_id, kind, day)
);

-- While a colleague is absent, who stands for them. Days, both included.
CREATE TABLE absences (
    absence_id uuid PRIMARY KEY,
    officer text NOT NULL,
    unit text NOT NULL,
    substitute text NOT NULL,
    first_on date NOT NULL,
    last_on date NOT NULL,
    said_by text NOT NULL,
    CONSTRAINT an_absence_has_days CHECK (first_on <= last_on),
    CONSTRAINT nobody_stands_for_themselves CHECK (officer <> substitute)
);
CREATE INDEX absences_by_substitute ON absences (substitute, last_on);

-- `own_status` is what the log says; a request to withdraw that waits for its answer stands before it.
DROP INDEX dossiers_by_office, dossiers_by_unit;
ALTER TABLE dossiers DROP CONSTRAINT status_is_known;
ALTER TABLE dossiers RENAME COLUMN status TO own_status;
ALTER TABLE dossiers
    ADD COLUMN officer text,
    ADD COLUMN intake_due_at timestamptz,
    ADD COLUMN deadline_on date,
    ADD COLUMN answer_by date,
    ADD COLUMN apologised boolean NOT NULL DEFAULT false,
    ADD COLUMN supplied_at timestamptz,
    ADD COLUMN asked integer NOT NULL DEFAULT 0,
    ADD COLUMN answered integer NOT NULL DEFAULT 0,
    ADD COLUMN status text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN asked > answered AND own_status IN (
            'submitted', 'accepted', 'in_processing', 'supplement_requested', 'payment_requested'
        ) THEN 'withdrawal_requested' ELSE own_status END
    ) STORED,
    ADD CONSTRAINT status_is_known CHECK (own_status IN (
        'submitted', 'accepted', 'in_processing', 'supplement_requested', 'payment_requested',
        'rejected', 'withdrawn', 'stopped', 'resolved', 'returned'
    ));
COMMENT ON COLUMN dossiers.asked IS 'sequence of the applicant''s last request to withdraw, 0 for none';
COMMENT ON COLUMN dossiers.answered IS 'sequence of the last request to withdraw that an officer answered';
COMMENT ON COLUMN dossiers.deadline_on IS 'until when the applicant may bring or pay what is asked for';
COMMENT ON COLUMN dossiers.answer_by IS 'the first last day on which an agency that was asked may answer';
-- What the sweeps look for: of one office, what can become true until a day.
CREATE INDEX dossiers_by_due_date ON dossiers (office, due_on)
    WHERE due_on IS NOT NULL AND own_status IN ('accepted', 'in_processing', 'supplement_requested', 'payment_requested');
CREATE INDEX dossiers_by_intake_due ON dossiers (office, intake_due_at) WHERE own_status = 'submitted';
CREATE INDEX dossiers_by_deadline ON dossiers (office, deadline_on) WHERE deadline_on IS NOT NULL;
CREATE INDEX dossiers_by_answer ON dossiers (office, answer_by) WHERE answer_by IS NOT NULL;
CREATE INDEX dossiers_by_office ON dossiers (office, status, submitted_at, dossier_id);
CREATE INDEX dossiers_by_unit ON dossiers (unit, status, submitted_at, dossier_id) WHERE unit IS NOT NULL;

GRANT SELECT, INSERT, UPDATE (outcome) ON heard TO {role};
GRANT SELECT, INSERT ON fired TO {role};
GRANT SELECT, INSERT ON absences TO {role};
GRANT INSERT (intake_due_at), UPDATE (asked, supplied_at) ON dossiers TO {role};
