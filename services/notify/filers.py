"""Who filed a dossier and who has it: sealed in the events, so that analysts read neither."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from contracts.sealed import Unsealable, unseal


def unsealed(sealed: str | None, code_keys: Sequence[bytes], dossier_id: UUID) -> str | None:
    """The portal that filed it, or the code of the officer who has it; None when that is not known, or can no longer be read."""
    try:
        return unseal(code_keys, sealed, dossier_id) if sealed else None
    except Unsealable:
        return None
