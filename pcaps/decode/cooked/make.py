import struct
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write

V1, V2 = 113, 276  # link types


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "v1.pcap", pcap([replace(f, data=v1(f.data)) for f in frames], link=V1))
    write(folder, "v2.pcap", pcap([replace(f, data=v2(f.data)) for f in frames], link=V2))


def v1(data: bytes) -> bytes:
    """Packet type 0 (to us), ARPHRD 1, a six-octet address, the protocol."""
    return struct.pack("!HHH8s", 0, 1, 6, data[6:12]) + data[12:]


def v2(data: bytes) -> bytes:
    """The protocol first, then interface 2, ARPHRD 1, packet type 0, the address."""
    return struct.pack("!2sHIHBB8s", data[12:14], 0, 2, 1, 0, 6, data[6:12]) + data[14:]


if __name__ == "__main__":
    make(Path(__file__).parent)
