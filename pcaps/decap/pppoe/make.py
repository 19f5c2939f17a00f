import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Frame, at, pcap, resolved, write
from scapy.layers.ppp import PPP, PPPoE
from tunnels import PPPOE, retyped


def make(folder: Path) -> None:
    frames = resolved(WORKSTATION, RESOLVER, at(0))
    write(folder, "case.pcap", pcap([in_session(frame) for frame in frames]))


def in_session(frame: Frame) -> Frame:
    body = PPPoE(sessionid=17) / PPP(proto=0x0021) / frame.data[14:]
    return retyped(frame, PPPOE, bytes(body))


if __name__ == "__main__":
    make(Path(__file__).parent)
