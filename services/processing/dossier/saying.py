"""Whether an event is what a command asks for: how a repeat is told from another command. And what either says, in words. Pure."""

from __future__ import annotations

from services.processing.dossier.acceptance import AcceptDossier
from services.processing.dossier.act import Command
from services.processing.dossier.decide import ACTS, act_of
from services.processing.dossier.events import DossierAccepted, Event


def says(command: Command, event: Event) -> bool:
    """Whether the event is what the command asks for, whenever it was asked."""
    return act_of(command).says(command, event)


def members(command: Command) -> str:
    """What a command says beside its kind, in words for people: codes and days, no free text."""
    return _told(command, act_of(command).same)


def words(event: Event) -> str:
    """What an event says, in the same words."""
    same = next(act.same for act in ACTS if type(event) in act.effects)
    return f"{type(event).__name__}{_told(event, same)}"


def _told(of: Command | Event, names: tuple[str, ...]) -> str:
    if isinstance(of, AcceptDossier | DossierAccepted):
        names = (*names, "due_on", "project_class")
    told = [f"{name} {value}" for name in names if (value := getattr(of, name)) is not None]
    return f" ({', '.join(told)})" if told else ""
