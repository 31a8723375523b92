"""Judges how a program acts in an officer's name: each act on what was read, and read again after somebody was faster. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ACT = re.compile(r"/v1/dossiers/([^/]+)/([a-z-]+)")
_VERSION = re.compile(r'"(\d{1,9})"')
_ROLES = {"officer", "supervisor"}


def claims_of(headers: Mapping[str, str]) -> dict[str, Any]:
    """Of an officer's token, whose requests are processing's; empty for every other. Whether the token is good processing says itself."""
    try:
        claims = headers.get("authorization", "").split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return said if said["role"] in _ROLES else {}
    except (IndexError, KeyError, TypeError, ValueError):
        return {}


@dataclass
class Office:
    """What such a program has read, by dossier, and where it was told that somebody was faster. `judge` takes a point and its fault."""

    judge: Callable[[str, str], None]
    offices: dict[str, str] = field(default_factory=dict)
    _read: dict[str, set[int]] = field(default_factory=dict)
    _stale: set[str] = field(default_factory=set)
    _overtaken: bool = False

    def read(self, said: Any) -> None:
        """From an answer of processing: versions that the program knows now, of one dossier or of a page of them."""
        if isinstance(said, list):
            for each in said:
                self.read(each)
        elif isinstance(said, dict):
            if "version" in said and "dossier_id" in said:
                self._read.setdefault(str(said["dossier_id"]), set()).add(said["version"])
                if "office" in said:
                    self.offices[str(said["dossier_id"])] = str(said["office"])
            self.read(said.get("items"))

    def act(self, path: str, headers: Mapping[str, str]) -> bool:
        """Judges an act, and says whether a colleague is to be faster: once, of the first good acceptance."""
        found = ACT.fullmatch(path)
        if found is None:
            return False
        dossier, name = found.groups()
        fault = self._fault(dossier, headers.get("if-match", ""))
        if dossier in self._stale:
            self._stale.discard(dossier)
            again = "it came again without reading the dossier again"
            self.judge("changed-meanwhile", fault and f"{again}: {fault}")
            return False
        self.judge("if-match", fault)
        if fault or self._overtaken or name != "accept" or dossier not in self.offices:
            return False
        self._overtaken = True
        return True

    def refused(self, path: str, status: int) -> None:
        """After 412 nothing counts that was read before."""
        found = ACT.fullmatch(path)
        if found and status == 412:
            self._read.pop(found[1], None)
            self._stale.add(found[1])

    def _fault(self, dossier: str, if_match: str) -> str:
        version = _VERSION.fullmatch(if_match)
        if not if_match:
            return "an act came without If-Match"
        if version is None:
            return "If-Match is not one version in quotation marks"
        if int(version[1]) not in self._read.get(dossier, ()):
            return "If-Match names a version that was not read"
        return ""
