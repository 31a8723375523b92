"""Draws pages of a file: the file on standard input, how many pages it has and pictures of some of them out, as JSON.

`python -m services.processing.pages.draw KIND FIRST PAGES PPI`. A program of its own with little memory and time, for the file is
somebody else's: what it breaks is this process alone.
"""

from __future__ import annotations

import base64
import json
import re
import resource
import sys

MEMORY_BYTES_MAX = 2_000_000_000
CPU_SECONDS_MAX = 15
COUNT = re.compile(r"only has (\d+) page")
BEYOND = 1_000_000
"""No file has a page of this number: the library says how many there are."""
SOURCE = """
#set page(width: 210mm, height: auto, margin: 0pt)
#let pages = json(bytes(sys.inputs.pages))
#for (n, page) in pages.enumerate() {{
  if n > 0 {{ pagebreak() }}
  {image}
}}
"""
IMAGES = {
    "application/pdf": 'image("/0", format: "pdf", page: page, width: 100%)',
    "image/jpeg": 'image("/0", format: "jpg", width: 100%)',
    "image/png": 'image("/0", format: "png", width: 100%)',
}


def main() -> None:
    import typst  # in a process of its own alone

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kind, first, pages, ppi = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    source = SOURCE.format(image=IMAGES[kind]).encode()

    def drawn(numbers: list[int]) -> list[bytes]:
        made = typst.compile(  # type: ignore[call-overload]  # it wants the folder as bytes, too, and takes none
            source,
            root="/dev/fd",
            format="png",
            ppi=ppi,
            sys_inputs={"pages": json.dumps(numbers)},
            ignore_system_fonts=True,
        )
        return made if isinstance(made, list) else [made]

    count = 1
    if kind == "application/pdf":
        try:
            drawn([BEYOND])
        except typst.TypstError as error:
            found = COUNT.search(" ".join(error.hints))
            if found is None:
                raise
            count = int(found[1])
    wanted = range(first, min(first + pages, count + 1))
    pictures = drawn(list(wanted)) if wanted else []
    told = {"count": count, "pictures": [base64.b64encode(each).decode() for each in pictures]}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
