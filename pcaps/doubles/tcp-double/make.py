import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from craft import (
    RESOLVER,
    WORKSTATION,
    Connection,
    Interface,
    at,
    copied,
    pcapng,
    prefixed,
    query_of,
    response_of,
    write,
)


def make(folder: Path) -> None:
    link = Connection(WORKSTATION, RESOLVER)
    query, response = prefixed(query_of()), prefixed(response_of())
    asked = [link.to_server(at(0), query[:20]), link.to_server(at(0.001), query[20:], 20)]
    answered = [
        link.to_client(at(0.02), response[:30]),
        link.to_client(at("0.02001"), response[30:], 30),
    ]
    frames = [copy for frame in asked for copy in (frame, copied(frame, interface=1))]
    frames += [*answered, *(copied(frame, interface=1) for frame in answered)]
    write(folder, "case.pcapng", pcapng(frames, (Interface("span0"), Interface("span1"))))


if __name__ == "__main__":
    make(Path(__file__).parent)
