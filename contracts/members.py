"""Where the words stand that members of more than one service have: members.toml, for the services' documents."""

from pathlib import Path

MEMBERS = Path(__file__).with_name("members.toml")
OPENAPI = Path(__file__).with_name("openapi")
"""Where each service's document stands as `make generate` wrote it."""
