"""Which packets carry a DNS message, and what is kept of them."""

from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from sensor.anomalies import Anomaly
from sensor.dns.cousins import PORTS
from sensor.encoders.lines import message_line
from sensor.messages import Reader
from sensor.packet import Packet
from sensor.stage import SECOND
from tests.capture.capture_writer import pcap
from tests.dns.messages import ASKED, QUERY, RESPONSE, header, question, record, wire_name
from tests.replays import KINDS, START, datagram, run

TELEGRAM: Final = question(wire_name(b"api", b"telegram", b"org"))
MESSAGE = header(flags=QUERY) + ASKED


def packet(payload: bytes = MESSAGE, *, sport: int = 50001, dport: int = 53, **more: Any) -> Packet:
    plain = Packet(
        at=5,
        src="192.0.2.1",
        sport=sport,
        dst="198.51.100.2",
        dport=dport,
        transport="udp",
        path=("ethernet", "vlan:10", "ipv4", "udp"),
        payload=payload,
        identification=7,
        vlans=(10,),
        interface="span0",
        anomalies=(Anomaly.LENGTH_MISMATCH,),
    )
    return msgspec.structs.replace(plain, **more)


def reader(*ports: int, any_port: bool = True) -> Reader:
    return Reader(frozenset(ports or {53}), any_port=any_port)


def test_message_says_which_packet_carried_it() -> None:
    """
    Time, flow, path, tags, capture point and anomalies of the packet go along.
    """
    carrying = packet()

    message = reader()(carrying)

    assert message is not None
    kept = ("at", "src", "sport", "dst", "dport", "transport", "path", "identification")
    for field in (*kept, "vlans", "interface", "anomalies"):
        assert getattr(carrying, field) == getattr(message, field)
    assert ["www.example.com"] == [question.qname for question in message.dns.questions]


def test_digest_tells_payloads_apart() -> None:
    """
    It is the same for the same octets and another for others, and far shorter than they.
    """
    digests = [
        message.digest
        for payload in (MESSAGE, MESSAGE, MESSAGE + b"\0")
        if (message := reader()(packet(payload))) is not None
    ]

    assert digests[0] == digests[1] != digests[2]
    assert [16, 16, 16] == [len(digest) for digest in digests]


@pytest.mark.parametrize(("sport", "dport"), [(50001, 53), (53, 50001), (53, 53)])
def test_on_a_configured_port_everything_is_dns(sport: int, dport: int) -> None:
    """
    Either end may have the port; even octets in no shape are read, as far as they can be.
    """
    damaged = reader()(packet(b"\xff" * 40, sport=sport, dport=dport))

    assert damaged is not None
    assert Anomaly.NONSTANDARD_PORT not in damaged.anomalies


def test_elsewhere_only_what_has_the_shape() -> None:
    """
    A whole message off the ports is read and marked; other octets are not DNS.
    """
    found = reader()(packet(dport=4444))

    assert found is not None
    assert (Anomaly.LENGTH_MISMATCH, Anomaly.NONSTANDARD_PORT) == found.anomalies
    assert reader()(packet(MESSAGE + b"\0", dport=4444)) is None
    assert reader(any_port=False)(packet(dport=4444)) is None


GROUP: Final = "224.0.0.251"


@pytest.mark.parametrize(("port", "protocol"), [(5353, "mdns"), (5355, "llmnr")])
def test_cousins_are_read_as_what_they_are(port: int, protocol: str) -> None:
    """
    Sent to a group, a message to a cousin's port is the cousin's, searched ports or not; on a
    configured port it is DNS.
    """
    asking = packet(dport=port, dst=GROUP)

    message = reader(any_port=False)(asking)

    assert message is not None
    assert (protocol, (Anomaly.LENGTH_MISMATCH,)) == (message.protocol, message.anomalies)
    assert message == reader()(asking)
    configured = reader(53, port)(asking)
    assert configured is not None
    assert "dns" == configured.protocol


@pytest.mark.parametrize("port", sorted(PORTS))
def test_dns_on_a_cousins_port_is_dns(port: int) -> None:
    """
    A query to a server that listens there, and its answer, are found as on any other port.
    """
    answer = header(flags=RESPONSE) + ASKED

    for found in (reader()(packet(dport=port)), reader()(packet(answer, sport=port, dport=50001))):
        assert found is not None
        assert ("dns", Anomaly.NONSTANDARD_PORT) == (found.protocol, found.anomalies[-1])
    assert reader(any_port=False)(packet(dport=port)) is None


def test_stream_is_read_on_configured_ports_only() -> None:
    """
    What a stream was cut into is a message each, in any shape; on other ports it is none, and a
    cousin's neither. Control segments carry nothing.
    """
    for sport, dport in ((50001, 53), (53, 50001)):
        found = reader()(packet(b"\xff" * 40, sport=sport, dport=dport, transport="tcp"))
        assert found is not None
        assert ("tcp", (Anomaly.LENGTH_MISMATCH,)) == (found.transport, found.anomalies)
    for port in (4444, *PORTS):
        assert reader()(packet(dport=port, transport="tcp", dst=GROUP)) is None
    assert reader()(packet(b"", transport="tcp")) is None


def test_digest_tells_places_in_a_stream_apart() -> None:
    """
    The same octets further on in a stream are sent again, not mirrored; in UDP there is no place.
    """

    def digests(transport: str) -> list[bytes]:
        read = (reader()(packet(transport=transport, sequence=at)) for at in (7, 7, 8, 7 + 2**32))
        return [message.digest for message in read if message is not None]

    same, again, other, wrapped = digests("tcp")
    assert same == again == wrapped != other
    assert 1 == len({*digests("udp")})
    assert same not in digests("udp")


def test_octets_short_of_a_header_are_damage() -> None:
    """
    Fewer than 12 octets on a DNS port are no message, but are noted; elsewhere they mean nothing.
    """
    cut = packet(MESSAGE[:11])

    assert reader()(cut) is None
    assert (Anomaly.LENGTH_MISMATCH, Anomaly.MESSAGE_TRUNCATED) == reader().damage(cut)
    assert (Anomaly.LENGTH_MISMATCH,) == reader().damage(packet(b""))
    assert (Anomaly.LENGTH_MISMATCH,) == reader().damage(packet(MESSAGE[:11], dport=4444))
    assert (Anomaly.LENGTH_MISMATCH,) == reader().damage(packet(b"", transport="tcp"))
    cut = packet(MESSAGE[:11], transport="tcp")
    assert (Anomaly.LENGTH_MISMATCH, Anomaly.MESSAGE_TRUNCATED) == reader().damage(cut)


def test_line_tells_a_cousins_message_as_it_means_it() -> None:
    """
    Its protocol and bits stand in the line; one of DNS has no such fields.
    """
    host = wire_name(b"host", b"local")
    asking = header(flags=0, counts=(1, 1, 0, 0)) + question(host, qclass=0x8001)
    payload = asking + record(host, 1, b"\xc0\0\2\1", rclass=0x8001)

    def line(**of: Any) -> dict[str, Any]:
        message = reader()(packet(payload, **of))
        assert message is not None
        told: dict[str, Any] = msgspec.to_builtins(message_line(message))
        return told

    theirs, ours = line(dport=5353, dst=GROUP), line()

    assert "mdns" == theirs["protocol"]
    (asked,) = theirs["questions"]
    assert {
        "qname": "host.local",
        "qtype": "A",
        "qclass": "IN",
        "unicast_response": True,
    } == asked
    (answer,) = theirs["answers"]
    assert ("IN", True) == (answer["class"], answer["cache_flush"])
    assert "protocol" not in ours
    assert {"qname": "host.local", "qtype": "A", "qclass": "CLASS32769"} == ours["questions"][0]
    assert "cache_flush" not in ours["answers"][0]


@pytest.mark.parametrize("port", [5353, 5355])
def test_replay_shows_cousins_among_the_messages_only(tmp_path: Path, port: int) -> None:
    """
    Whatever they ask: no transaction, no lookup and no alert comes of it.
    """
    capture = tmp_path / "cousins.pcap"
    asked, answered = header(flags=0) + TELEGRAM, header(flags=0x8400) + TELEGRAM
    here, there = ("192.0.2.1", port), (GROUP, port)
    frames = [datagram(START, here, there, asked), datagram(START + SECOND, here, there, answered)]
    capture.write_bytes(pcap(frames))

    lines = {kind: run("replay", "--emit", kind, capture).lines for kind in KINDS}

    assert {PORTS[port].protocol} == {line["protocol"] for line in lines["messages"]}
    assert [2, 0, 0, 0, 0] == [
        len(lines[kind]) for kind in ("messages", "transactions", "lookups", "alerts", "anomalies")
    ]
