import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import BOT_SERVER, RESOLVER, SERVFAIL, WATCHED, WORKSTATION, Exchange, a, at, pcap, write


def make(folder: Path) -> None:
    four, six = Exchange(WORKSTATION, RESOLVER), Exchange(WORKSTATION, RESOLVER, qtype="AAAA")
    service = Exchange(WORKSTATION, RESOLVER, qtype="HTTPS")
    frames = [
        four.query(at(0)),
        six.query(at(0.001)),
        service.query(at(0.002)),
        four.query(at(1)),
        service.response(at(1.01)),
        six.response(at(1.02), rcode=SERVFAIL),
        four.response(at(1.03), [a(WATCHED, BOT_SERVER)]),
    ]
    write(folder, "case.pcap", pcap(frames))


if __name__ == "__main__":
    make(Path(__file__).parent)
