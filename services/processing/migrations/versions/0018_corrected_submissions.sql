-- What intake tells of a submission may be corrected: the reader brings the row to it, as it wrote it.
GRANT UPDATE (procedure, channel, submitted_at, intake_due_at) ON dossiers TO {role};
