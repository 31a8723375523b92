"""Sets a form: what it says as JSON in, a PDF out. `python -m services.chassis.http.typeset TEMPLATE`."""

import sys


def main() -> None:
    import typst  # in a process of its own alone

    asked = sys.stdin.buffer.read().decode()
    # Only the fonts that the library brings along: the page is the same on every machine.
    made = typst.compile(sys.argv[1], sys_inputs={"form": asked}, ignore_system_fonts=True)
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
