"""`python -m tests.faults --size N --seed S --brokers 1|3 [--mutation NAME] [--only KINDS]`: one run, told; exit 1 on any finding."""

import argparse
import signal
import sys

from tests.faults.mutations import MUTATIONS
from tests.faults.run import Size, draw_seed, run


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--size", type=int, default=2_000, help="dossiers to file")
    parser.add_argument(
        "--seed", type=int, default=None, help="of the schedule and the load; drawn when not given"
    )
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="nodes of the Kafka cluster")
    parser.add_argument("--mutation", choices=sorted(MUTATIONS), default="", help="take one guarantee out")
    parser.add_argument("--only", default="", help="kinds of faults, comma separated; all when absent")
    given = parser.parse_args()
    # As Ctrl-C: the house is stopped then, and who is frozen in it dies of no signal of the kernel's.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    seed = draw_seed() if given.seed is None else given.seed
    size = Size.of(given.size)
    _say(
        f"size {size.dossiers} in {size.seconds:.0f}s, seed {seed}, brokers {given.brokers} {given.mutation}"
    )
    only = [kind for kind in given.only.split(",") if kind]
    findings = run(size, seed, given.brokers, mutation=given.mutation, only=only, say=_say)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
