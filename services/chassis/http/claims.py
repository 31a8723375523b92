"""Where a provider writes role, unit and office into its tokens, and for which clients it may have made them.

Keycloak has roles in `realm_access.roles` or `resource_access.CLIENT.roles`, Auth0 in claims that are addresses, Entra in `roles`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

CLIENT_CLAIMS = ("azp", "client_id", "appid")


class Shape(NamedTuple):
    """Names of claims, or paths with points; `clients` are those whose tokens are taken, all where there is none."""

    role: str = "role"
    unit: str = "unit"
    office: str = "office"
    clients: frozenset[str] = frozenset()
    skew_seconds: float = 5.0

    def role_of(self, claims: Mapping[str, object], roles: Collection[str]) -> str | None:
        """The one role that is ours; None where there is none, or where there are two.

        Guarantee: who has two roles has none, for nobody says which is meant. Test: test_a_token_of_two_roles_names_nobody.
        """
        told = at(claims, self.role)
        ours = {
            each
            for each in (told if isinstance(told, list) else [told])
            if isinstance(each, str) and each in roles
        }
        return str(ours.pop()) if len(ours) == 1 else None

    def is_of_a_client(self, claims: Mapping[str, object]) -> bool:
        """Whether a client for which it was made is one of those that are taken."""
        return not self.clients or any(claims.get(name) in self.clients for name in CLIENT_CLAIMS)


def at(claims: Mapping[str, object], path: str) -> object:
    """The claim of this name, which may have points itself, or what stands below along the points."""
    if path in claims:
        return claims[path]
    head, _, rest = path.partition(".")
    below = claims.get(head)
    return at(below, rest) if rest and isinstance(below, dict) else None
