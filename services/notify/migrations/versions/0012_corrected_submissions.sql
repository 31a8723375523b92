-- What intake tells of a submission may be corrected: texts name the procedure in the version of that day.
GRANT UPDATE (procedure, submitted_on) ON dossiers TO {role};
