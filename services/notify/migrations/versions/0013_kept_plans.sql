-- A notice to somebody without an address leaves the queue without a claim; its ending is left in unsaid in the same transaction.
GRANT DELETE ON mails TO {role};
