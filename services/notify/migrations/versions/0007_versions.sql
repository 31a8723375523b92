-- The release before goes on beside this one: record_notices(), record_unsaid() and append() stay as they are, and go with the next one.
CREATE TYPE mail_outcome_v2 AS (item integer, notice_id uuid, claims integer);
\i ../../functions/record_notices_v2.sql
\i ../../functions/record_unsaid_v2.sql
