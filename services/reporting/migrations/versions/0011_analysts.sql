\i ../../functions/show_to_analysts.sql
SELECT show_to_analysts();
