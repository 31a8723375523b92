"""Sets the official form: what it says as JSON in, a PDF out. `python -m services.reporting.report.typeset`."""

import sys
from pathlib import Path

import typst

FORM = Path(__file__).with_name("form.typ")


def main() -> None:
    asked = sys.stdin.buffer.read().decode()
    # Only the fonts that the library brings along: the page is the same on every machine.
    sys.stdout.buffer.write(typst.compile(FORM, sys_inputs={"form": asked}, ignore_system_fonts=True))


if __name__ == "__main__":
    main()
