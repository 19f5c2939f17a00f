import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, at, pcap, resolved, write
from scapy.layers.ppp import PPP, PPPoE
from tunnels import labels


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    session = [bytes(PPPoE(sessionid=17) / PPP(proto=0x0021) / f.data[14:]) for f in frames]
    for name, link, octets in (
        ("ppp.pcap", 9, [bytes.fromhex("ff030021") + f.data[14:] for f in frames]),
        ("hdlc.pcap", 50, [bytes.fromhex("ff030021") + f.data[14:] for f in frames]),
        ("hdlc-cisco.pcap", 50, [bytes.fromhex("0f000800") + f.data[14:] for f in frames]),
        (
            "labelled.pcap",
            9,
            [bytes.fromhex("ff030281") + labels(24) + f.data[14:] for f in frames],
        ),
        ("pppoe.pcap", 51, session),
        ("cisco.pcap", 104, [bytes.fromhex("0f000800") + f.data[14:] for f in frames]),
    ):
        shown = [replace(f, data=data) for f, data in zip(frames, octets, strict=True)]
        write(folder, name, pcap(shown, link=link))


if __name__ == "__main__":
    make(Path(__file__).parent)
