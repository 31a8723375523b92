"""How far the demonstration is: written by who loads it, read by `motcua status` and `motcua up --detach --wait`."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from deploy.local.home import Home
from deploy.local.keys import write_private

State = Literal["loading", "loaded", "differs", "given_up"]
ENDS: dict[State, str] = {
    "loaded": "loaded",
    "differs": "did not come out: its counts differ",
    "given_up": "not loaded: given up; `motcua down` and `motcua up` go on with it",
}


@dataclass(frozen=True, slots=True)
class Loading:
    """`submitted` and `processed` of `total` cases; 0 of 0 before the first are sent."""

    state: State = "loading"
    submitted: int = 0
    processed: int = 0
    total: int = 0

    @property
    def over(self) -> bool:
        return self.state != "loading"

    def __str__(self) -> str:
        if self.over:
            return ENDS[self.state]
        return f"loading: {self.submitted:,} submitted, {self.processed:,} processed, of {self.total:,}"


def tell(home: Home, loading: Loading) -> None:
    write_private(home.run / "demonstration.json", json.dumps(asdict(loading)))


def forget(home: Home) -> None:
    (home.run / "demonstration.json").unlink(missing_ok=True)


def told(home: Home) -> Loading | None:
    """None for a run without the demonstration."""
    try:
        return Loading(**json.loads((home.run / "demonstration.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
