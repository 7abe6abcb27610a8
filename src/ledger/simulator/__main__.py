"""`python -m ledger.simulator --count N --seed S > file.ndjson`: simulated interactions."""

import argparse
import sys

from ledger.simulator import messages


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ledger.simulator", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="how many messages")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--halls", type=int, default=3)
    chosen = parser.parse_args()
    for message in messages(chosen.seed, chosen.halls, count=chosen.count):
        sys.stdout.buffer.write(message + b"\n")


if __name__ == "__main__":
    main()
