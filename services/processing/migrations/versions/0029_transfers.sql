-- Transfers are rare, and nothing else of the log stands in it.
CREATE INDEX transfers_by_time ON events (occurred_at) WHERE type = 'DossierHandedOver' AND (data ->> 'how') = 'transferred';
