"""Prints how long the source of the inbox is as this process loaded it: what a test of the mutations looks at."""

import sys

import services.chassis.inbox as inbox

loader = inbox.__loader__
assert loader is not None
sys.stdout.write(f"{len(loader.get_source('services.chassis.inbox'))}\n")  # type: ignore[attr-defined]
