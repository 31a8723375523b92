"""The limit of open files of a process, raised to what its connections need. It opens none."""

import logging
import resource
import sys

log = logging.getLogger(__name__)

FILES_BESIDE = 200
"""Open files that a process needs beside its HTTP connections: databases, brokers, logs."""


def allow_files(total_max: int) -> int:
    """How many connections the limit of open files has room for, `total_max` at most; raises the limit as far as it may be.

    Guarantee: no more connections are taken than files may be open. Test: test_a_process_may_open_the_files_that_its_connections_need.
    """
    soft, hard = (
        limit if limit != resource.RLIM_INFINITY else sys.maxsize
        for limit in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    needed = min(total_max + FILES_BESIDE, hard)
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    if needed < total_max + FILES_BESIDE:
        log.warning("few-files", extra={"fields": {"open_files": hard, "connections": needed - FILES_BESIDE}})
    return max(needed - FILES_BESIDE, 1)
