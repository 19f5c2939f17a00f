import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WATCHED, WORKSTATION, at, block, pcapng, resolved, write


def make(folder: Path) -> None:
    whole = pcapng(resolved(WORKSTATION, RESOLVER, at(0)))
    first = whole.index(struct.pack("<I", 6))  # the first enhanced packet block
    size = int.from_bytes(whole[first + 4 : first + 8], "little")
    between = b"".join(
        block(kind, body)
        for kind, body in (
            (4, bytes(4)),
            (5, bytes(12)),
            (0x0BAD, struct.pack("<I", 32473) + WATCHED.encode()),
            (0x7ABCDEF0, b"whatever"),
        )
    )
    cut = first + size
    write(folder, "case.pcapng", whole[:first] + between + whole[first:cut] + between + whole[cut:])


if __name__ == "__main__":
    make(Path(__file__).parent)
