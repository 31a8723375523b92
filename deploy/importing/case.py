"""One case as the two bulk doors take it: its submission for intake's, its acts for processing's. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Act:
    """One thing the office did with a dossier, at its business time; only the fields that its kind knows are set.

    `more` has the members of the rarer kinds, as the door takes them.
    """

    act: str
    at: datetime
    due_on: date | None = None
    unit: str | None = None
    step: str | None = None
    outcome: str | None = None
    late_reason: str | None = None
    method: str | None = None
    reason: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_item(self) -> dict[str, Any]:
        item = {name: getattr(self, name) for name in self.__slots__ if name != "more"}
        return {name: value for name, value in item.items() if value is not None} | dict(self.more)


@dataclass(frozen=True, slots=True)
class Case:
    """One dossier's finished history, as a source tells it."""

    case: str
    procedure: str
    office: str
    channel: str
    submitted_at: datetime
    acts: tuple[Act, ...] = ()
    applicant: dict[str, Any] | None = None

    def as_submission(self, source: str, correction: Mapping[str, str] | None = None) -> dict[str, Any]:
        item: dict[str, Any] = {
            "source": source,
            "case": self.case,
            "procedure": self.procedure,
            "office": self.office,
            "channel": self.channel,
            "submitted_at": self.submitted_at,
        }
        more = {"applicant": self.applicant, "correction": correction}
        return item | {name: value for name, value in more.items() if value is not None}

    def as_item(
        self, source: str, dossier_id: str, correction: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Its acts, as processing's door takes them, and the submission that they rest on."""
        item: dict[str, Any] = {
            "source": source,
            "case": self.case,
            "dossier_id": dossier_id,
            "acts": [act.as_item() for act in self.acts],
            "submission": {
                name: getattr(self, name) for name in ("procedure", "office", "channel", "submitted_at")
            },
        }
        return item if correction is None else item | {"correction": correction}
