\i functions/keep_idempotency_weeks.sql
SELECT keep_idempotency_weeks(current_date);
