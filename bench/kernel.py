"""Walk a pcap file with the sieve's kernels and nothing behind them; what passes is a row.

    python bench/kernel.py [--names N] FILE

Prints frames, and frames by reason, as JSON.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.names import WATCHED
from sensor.capture import pcap
from sensor.capture.course import _form
from sensor.capture.pane import Pane
from sensor.capture.sifted import Counts
from sensor.capture.stretch import JUDGING, ROOM, Sieve
from sensor.sieve.tables import Tables
from sensor.sieve.walk import At, Stop, Walk

PORTS: Final = frozenset({53})


def names(count: int) -> Iterator[str]:
    """Names to watch: the one that is in the captures and others, every second with all below."""
    yield WATCHED
    for number in range(1, count):
        yield f"{'.' * (number & 1)}host-{number}.zone-{number % 977}.example"


def walk(path: str, watched: int) -> Counts:
    counts = Counts()
    tables = Tables.of(names(watched), PORTS, any_port=True)
    sieve = Sieve(lambda: tables.arguments)
    arguments = sieve.arguments()
    with Path(path).open("rb", buffering=0) as file:
        pane = Pane(file.readinto)
        layout = pcap.layout(pane, sys.exit)
        if layout is None:
            sys.exit(f"{path} is no pcap file")
        form = _form(layout)
        going = Walk.begun(pcap.FILE_HEADER, counts.by_reason, room=ROOM)
        state = going.state
        while True:
            held = pane.held
            about = (form, JUDGING)
            stop = sieve.walk_records(pane.octets, held, held, *about, *going, *arguments)
            state[At.ROWS] = 0  # a row is all that was asked for
            if stop == Stop.FULL:
                continue
            if stop == Stop.BROKEN or not pane.slide(int(state[At.POSITION])):
                return counts
            state[At.POSITION] = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--names", type=int, default=1)
    given = parser.parse_args()
    reasons = walk(given.file, given.names).reasons
    by_name = {reason.name.lower(): number for reason, number in reasons.items()}
    print(json.dumps({"frames": sum(reasons.values()), "sieve": by_name}))


if __name__ == "__main__":
    main()
