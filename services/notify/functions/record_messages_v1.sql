-- Records how text messages ended, or what receipts say of them, and moves their rows in the same call.
-- `claims` of an outcome are those of the claim that it ends; -1: it is a receipt. `again`: another provider is to send it, under that id.
-- Guarantee: who records behind a claim that was taken over says that it is ambiguous. Test: test_a_late_record_of_a_message_says_that_it_is_ambiguous.
-- Guarantee: a receipt that comes twice is recorded once. Test: test_receipts_that_come_twice_early_or_late.
CREATE OR REPLACE FUNCTION record_messages_v1(new_items new_item_v2[], new_events new_event_v2[], outcomes message_outcome_v1[])
RETURNS TABLE (
    item integer, outcome text, stream_id uuid, version integer, "position" bigint, recorded_at timestamptz,
    body_hmac bytea, numbers bigint[]
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    taken_over integer[];
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    SELECT array_agg(o.item) INTO taken_over
    FROM unnest(outcomes) o JOIN messages m ON m.notice_id = o.notice_id
    WHERE o.claims >= 0 AND m.claims <> o.claims;
    IF taken_over IS NOT NULL THEN
        SELECT array_agg(ROW(n.item, n.index, n.stream_id, n.event_id, n.command_id, n.type, n.schema_version, n.occurred_at,
                             n.actor, n.correlation_id, n.causation_id, n.traceparent, n.counter,
                             CASE WHEN n.item = ANY (taken_over) AND n.type = 'NoticeSent'
                                  THEN (n.data::jsonb || '{"ambiguous": true}')::text ELSE n.data END)::new_event_v2
                         ORDER BY n.item, n.index)
        INTO new_events
        FROM unnest(new_events) n;
    END IF;
    RETURN QUERY SELECT * FROM append_v2(new_items, new_events);
    -- One that was recorded already is moved no further: a call whose answer was lost comes again.
    UPDATE messages m SET
        state = CASE WHEN o.again IS NULL THEN o.state ELSE 'waiting' END,
        reason = CASE WHEN o.again IS NULL THEN o.reason END,
        provider = CASE WHEN o.again IS NULL THEN coalesce(o.provider, m.provider) END,
        reference = CASE WHEN o.again IS NULL THEN coalesce(nullif(o.reference, ''), m.reference) ELSE '' END,
        avoid = CASE WHEN o.again IS NULL THEN m.avoid ELSE m.provider END,
        request_id = coalesce(o.again, m.request_id),
        endings = m.endings + (o.again IS NOT NULL)::integer,
        not_before = CASE WHEN o.again IS NULL THEN m.not_before ELSE o.at END,
        units = m.units + o.units,
        ambiguous = m.ambiguous OR o.ambiguous OR coalesce(o.item = ANY (taken_over) AND o.state = 'sent', false),
        in_doubt = m.in_doubt AND o.claims >= 0 AND o.state = 'failed', claimed_at = NULL, put_offs = 0, looks = 0,
        sent_at = CASE WHEN o.state = 'sent' THEN o.at ELSE m.sent_at END,
        ended_at = o.at, ask_at = o.ask_at, asked = 0
    FROM unnest(outcomes) o
    WHERE m.notice_id = o.notice_id AND m.request_id = o.request_id
      AND CASE WHEN o.claims >= 0 THEN m.state = 'waiting'
               ELSE m.state = 'sent' OR o.state = 'delivered' AND m.state = 'failed' END;
    DELETE FROM receipts r USING unnest(outcomes) o WHERE o.claims = -1 AND r.request_id = o.request_id;
END $$;

REVOKE ALL ON FUNCTION record_messages_v1(new_item_v2[], new_event_v2[], message_outcome_v1[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_messages_v1(new_item_v2[], new_event_v2[], message_outcome_v1[]) TO {role};
