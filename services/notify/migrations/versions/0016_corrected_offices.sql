-- What intake tells of a submission's office may be corrected: who may read its notices goes by the one told last.
GRANT UPDATE (office) ON dossiers TO {role};
