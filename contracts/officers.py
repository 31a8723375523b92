"""What processing tells intake and notify, and nobody else, about what an officer is called. Official names, and no events.

Key: the officer's code, as tokens and the register have it. No value means that no name is known; the header `change` then says as of when.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

CHANGE_HEADER = "change"
TOPIC = "officers"


class Officer(BaseModel):
    """An officer's name as of one change of the register. The newest change of a key counts, whatever the order."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    officer: str = Field(min_length=1, max_length=100)
    change: int
    """Number of the change, greater at each. A register that was restored goes on above those that it has lost."""
    name: str = Field(min_length=1, max_length=100)
