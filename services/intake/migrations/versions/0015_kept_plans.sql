-- As kept_plans.sql of the chassis has it; and what is kept of a batch is written by one statement.
\i ../../functions/last_contact_change.sql
\i ../../functions/submit_v2.sql
