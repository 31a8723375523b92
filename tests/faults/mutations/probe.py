"""Prints how long the inbox' source and the store's SQL are as this process reads them: what a test of the mutations looks at."""

import sys

from services.chassis.kafka import inbox
from services.chassis.log.migrations import chassis_sql

loader = inbox.__loader__
assert loader is not None
source = loader.get_source("services.chassis.kafka.inbox")  # type: ignore[attr-defined]
sys.stdout.write(f"{len(source)} {len(chassis_sql('functions/append_v2').read_text(encoding='utf-8'))}\n")
