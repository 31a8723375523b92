"""Lays what pages take from others beside the pages: `python -m deploy.assets`. Done by `make setup` and by the image's build."""

import sys
import zipfile
from pathlib import Path

from deploy.jars import cache, locked
from deploy.local.process import Failed
from services.chassis.http.assets import THEIRS

LOCK = Path(__file__).with_name("assets.lock")


def main() -> int:
    """Once is enough: a file of the locked package is not fetched again."""
    (jar,) = locked(LOCK)
    folder = cache() / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / jar.file_name
    try:
        if not jar.is_whole(path):
            jar.fetch(folder)
    except Failed as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    with zipfile.ZipFile(path) as package:
        inside = f"META-INF/resources/webjars/{jar.artifact}/{jar.version}/dist/govuk/{THEIRS.name}"
        THEIRS.write_bytes(package.read(inside))
    return 0


if __name__ == "__main__":
    sys.exit(main())
