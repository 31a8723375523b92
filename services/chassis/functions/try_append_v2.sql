-- Calls a service's appending function with whole rows and takes back what it wrote, in one call: whoever asks and is stopped
-- meanwhile holds no head. Raises what an append would.
CREATE OR REPLACE FUNCTION try_append_v2(
    function_name text, new_items new_item_v2[], new_events new_event_v2[], new_rows anyarray
) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF new_rows IS NULL THEN
        EXECUTE format('SELECT FROM %I($1, $2)', function_name) USING new_items, new_events;
    ELSE
        EXECUTE format('SELECT FROM %I($1, $2, $3)', function_name) USING new_items, new_events, new_rows;
    END IF;
    RAISE EXCEPTION 'taken back' USING ERRCODE = 'MC002';
EXCEPTION WHEN SQLSTATE 'MC002' THEN
    NULL;
END $$;
REVOKE ALL ON FUNCTION try_append_v2(text, new_item_v2[], new_event_v2[], anyarray) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION try_append_v2(text, new_item_v2[], new_event_v2[], anyarray) TO {role};
