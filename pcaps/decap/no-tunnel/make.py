import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import RESOLVER, WORKSTATION, Exchange, at, pcap, write
from scapy.contrib.erspan import ERSPAN_II
from scapy.contrib.geneve import GENEVE
from scapy.contrib.gtp import GTP_U_Header
from scapy.layers.inet import UDP
from scapy.layers.l2 import GRE
from scapy.layers.l2tp import L2TP
from scapy.layers.ppp import PPP, PPPoED
from scapy.layers.vxlan import VXLAN
from tunnels import PPPOE, carried, retyped

LAYERS: dict[str, Callable[[bytes], Any]] = {
    "VXLAN, network not valid": lambda frame: udp(4789, VXLAN(flags=0, vni=42) / frame),
    "Geneve, version 1": lambda frame: udp(6081, GENEVE(version=1, proto=0x6558) / frame),
    "GTP-U, echo request": lambda frame: udp(2152, GTP_U_Header(gtp_type=1) / frame[14:]),
    "L2TP, control": lambda frame: udp(
        1701, L2TP(hdr="control+length+sequence") / (bytes.fromhex("0021") + frame[14:])
    ),
    "TZSP, keep-alive": lambda frame: udp(37008, bytes.fromhex("01040001 01") + frame),
    "ERSPAN, version 3": lambda frame: (
        GRE(proto=0x88BE, seqnum_present=1, sequence_number=1) / ERSPAN_II(ver=3) / frame
    ),
}


def make(folder: Path) -> None:
    query = Exchange(WORKSTATION, RESOLVER).query(at(0))
    frames = [frame for layers in LAYERS.values() for frame in carried([query], layers)]
    ended = bytes(PPPoED(code=0xA7, sessionid=17) / PPP(proto=0x0021) / query.data[14:])
    write(folder, "case.pcap", pcap([*frames, retyped(query, PPPOE, ended)]))


def udp(port: int, layers: Any) -> Any:
    return UDP(sport=51515, dport=port) / layers


if __name__ == "__main__":
    make(Path(__file__).parent)
