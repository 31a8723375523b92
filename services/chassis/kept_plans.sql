-- What each append asks keeps its plan.
\i functions/log_is_ahead.sql
\i functions/append_v2.sql
