"""Programs that some tests need and that are no Python packages."""

import os
import shutil

import pytest


def require_program(name: str) -> str:
    """Its path. Where it is missing the test is skipped with the reason; in CI it fails, for there nothing is left out."""
    path = shutil.which(name)
    if path is None:
        reason = f"the program {name} is not installed (.ci/run installs it)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path
