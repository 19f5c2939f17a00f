"""Real captures: the same frames as scapy reads.

Exceptions: none. Where a file is cut (`CUT`), scapy ends at the same record without a word.
"""

import gzip
import io
import lzma
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensor.capture.files import Captures
from sensor.frame import Frame
from tests.realdata import REALDATA, needs_realdata

CAPTURES = sorted(
    path
    for folder in ("pcaps", "pairs")
    for path in (REALDATA / folder).rglob("*")
    if re.search(r"\.(pcap_?|pcapng|cap)(\.gz|\.xz)?$", path.name)
)

# Cut when they were made, in the middle of a record header.
CUT = {
    "covenant_psremoting_command_2020-08-06115603.cap": "cut in record 154 at octet 435312",
    "truncated_dns_2.pcap": "cut in record 2 at octet 240",
}
# Longer than any record here: scapy cuts packets to 65,535 octets unless told.
WHOLE = 1 << 24


def scapy_frames(path: Path) -> Iterator[Frame]:
    from scapy.utils import RawPcapNgReader, RawPcapReader

    decompress = {".gz": gzip.decompress, ".xz": lzma.decompress}.get(path.suffix, bytes)
    with RawPcapReader(io.BytesIO(decompress(path.read_bytes()))) as reader:
        while True:
            try:
                data, about = reader._read_packet(size=WHOLE)
            except EOFError:
                return
            if isinstance(reader, RawPcapNgReader):
                at = (about.tshigh << 32 | about.tslow) * 10**9 // about.tsresol
                name = (about.ifname or b"").decode()
                yield Frame(at, data, about.linktype, about.wirelen, name)
            else:
                at = about.sec * 10**9 + about.usec * (1 if reader.nano else 1000)
                yield Frame(at, data, reader.linktype & 0xFFFF, about.wirelen)


@needs_realdata
def test_captures_are_there() -> None:
    """
    The real captures hold all that the test below is about.
    """
    kinds = {"".join(path.suffixes[-2:]) for path in CAPTURES}

    assert len(CAPTURES) > 250
    assert kinds >= {".pcap.gz", ".pcap.xz", ".pcapng.gz"}
    assert {path.name for path in CAPTURES} >= set(CUT)


@needs_realdata
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: str(path.relative_to(REALDATA)))
def test_same_frames_as_scapy(path: Path) -> None:
    """
    Count, times, data, link types, lengths and interface names are those scapy reads.
    """
    captures = Captures([str(path)])

    frames = list(captures)

    assert list(scapy_frames(path)) == frames
    expected = [f"{path}: {CUT[path.name]}"] if path.name in CUT else []
    assert expected == [problem.rpartition(": ")[0] for problem in captures.problems]
