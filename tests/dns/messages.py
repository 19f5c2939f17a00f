"""Messages for the tests of `sensor.dns`: built octet by octet, or by dnspython."""

import contextlib
import functools
import re
import struct
from collections.abc import Callable, Iterable
from typing import Any, Final

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dpkt
from hypothesis import strategies as st

from sensor.dns import iana
from sensor.dns.decode import decode
from sensor.dns.message import Decoded
from tests.realdata import REALDATA

QUERY: Final = 0x0100
RESPONSE: Final = 0x8180
A: Final = b"\x00\x01"
NS: Final = b"\x00\x02"
IN: Final = b"\x00\x01"
FIRST: Final = 12
"""The offset of the first question's name."""


def header(
    *, flags: int = RESPONSE, counts: tuple[int, int, int, int] = (1, 0, 0, 0), ident: int = 0x1234
) -> bytes:
    return struct.pack("!6H", ident, flags, *counts)


def wire_name(*labels: bytes) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def pointer(offset: int) -> bytes:
    return struct.pack("!H", 0xC000 | offset)


def question(name: bytes, *, qtype: int = 1, qclass: int = 1) -> bytes:
    return name + struct.pack("!HH", qtype, qclass)


def record(
    owner: bytes, rtype: int, rdata: bytes, *, rclass: int = 1, ttl: int = 60, length: int = -1
) -> bytes:
    stated = len(rdata) if length < 0 else length
    return owner + struct.pack("!HHIH", rtype, rclass, ttl, stated) + rdata


WWW: Final = wire_name(b"www", b"example", b"com")
ASKED: Final = question(WWW)


def response(*records: bytes, asked: bytes = ASKED) -> bytes:
    """A response to one question with the records as its answers."""
    return header(counts=(1, len(records), 0, 0)) + asked + b"".join(records)


def decoded(payload: bytes) -> Decoded:
    message = decode(payload)
    assert message is not None
    return message


def octets_of(value: dns.name.Name | dns.rdata.Rdata | dns.edns.Option) -> bytes:
    """What dnspython puts on the wire, without compression."""
    octets = value.to_wire()
    assert octets is not None
    return octets


def plain(name: dns.name.Name) -> str:
    """What dnspython makes of a name, in the spelling of this project."""
    return name.to_text(omit_final_dot=True).lower()


STYLE: Final = dns.rdata.RdataStyle(
    omit_final_dot=True, base64_chunk_size=0, hex_chunk_size=0, idna_codec=None
)


_NAMING_TYPES: Final = frozenset(
    map(dns.rdatatype.from_text, ["NSEC", "NSEC3", "CSYNC", "RRSIG", "SIG"])
)


def text_of(rdata: dns.rdata.Rdata) -> str:
    """What dnspython makes of rdata, without last dots and blanks within base64 and hex.

    The types that it knows by number alone get their mnemonics.
    """
    text = rdata.to_styled_text(STYLE).rstrip()
    if rdata.rdtype not in _NAMING_TYPES:
        return text
    return re.sub(r"\bTYPE(\d+)\b", lambda found: iana.type_name(int(found[1])), text)


@functools.cache
def captured() -> tuple[bytes, ...]:
    """The distinct payloads to or from UDP port 53 in the real captures over Ethernet."""
    payloads: dict[bytes, None] = {}
    for path in sorted((REALDATA / "pcaps").rglob("*.pcap")):
        with path.open("rb") as file, contextlib.suppress(ValueError, dpkt.Error):
            reader = dpkt.pcap.Reader(file)
            if reader.datalink() != dpkt.pcap.DLT_EN10MB:
                continue
            for _, frame in reader:
                with contextlib.suppress(dpkt.Error, IndexError, AttributeError):
                    datagram = dpkt.ethernet.Ethernet(frame).data.data
                    if isinstance(datagram, dpkt.udp.UDP) and 53 in (
                        datagram.sport,
                        datagram.dport,
                    ):
                        payloads[bytes(datagram.data)] = None
    return tuple(payloads)


# --- random messages -------------------------------------------------------------------------

labels = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.text('abcXYZ019-_.\\"()@$; ', min_size=1, max_size=12).map(str.encode),
    st.sampled_from([b"api.telegram.org", b"a" * 63, b"*", b"_sip"]),
)
names = st.builds(
    lambda parts: dns.name.Name([*parts, b""]), st.lists(labels, max_size=3)
)  # at most 3 * 64 + 1 octets
lower_names = names.map(lambda name: dns.name.Name([label.lower() for label in name.labels]))
octet = st.integers(0, 0xFF)
short = st.integers(0, 0xFFFF)
long = st.integers(0, 0xFFFFFFFF)
string = st.binary(max_size=20)
ipv4 = st.ip_addresses(v=4).map(str)
ipv6 = st.one_of(
    st.ip_addresses(v=6).map(str),
    st.sampled_from(["::", "::1", "::ffff:192.0.2.1", "2001:db8::1", "1:0:0:2::3", "::2:0:0:1"]),
)


def _windows(types: Iterable[int]) -> list[tuple[int, bytes]]:
    windows: dict[int, bytearray] = {}
    for number in types:
        bits = windows.setdefault(number >> 8, bytearray(32))
        bits[number >> 3 & 31] |= 0x80 >> (number & 7)
    return [(window, bytes(bits).rstrip(b"\0")) for window, bits in sorted(windows.items())]


type_sets = st.sets(st.one_of(st.integers(1, 300), short), max_size=6).map(_windows)

_FIELDS: Final[dict[str, tuple[st.SearchStrategy[Any], ...]]] = {
    "A": (ipv4,),
    "AAAA": (ipv6,),
    "NS": (lower_names,),
    "CNAME": (lower_names,),
    "DNAME": (lower_names,),
    "PTR": (lower_names,),
    "SOA": (lower_names, lower_names, long, long, long, long, long),
    "MX": (short, lower_names),
    "TXT": (st.lists(string, min_size=1, max_size=3),),
    "SPF": (st.lists(string, min_size=1, max_size=3),),
    "HINFO": (string, string),
    "RP": (lower_names, lower_names),
    "AFSDB": (short, lower_names),
    "RT": (short, lower_names),
    "X25": (string,),
    "NSAP-PTR": (lower_names,),
    "PX": (short, lower_names, lower_names),
    "NID": (short, st.binary(min_size=8, max_size=8)),
    "L32": (short, ipv4),
    "L64": (short, st.binary(min_size=8, max_size=8)),
    "KX": (short, lower_names),
    "LP": (short, lower_names),
    "SRV": (short, short, short, lower_names),
    "NAPTR": (short, short, string, string, string, lower_names),
    "DS": (short, octet, st.just(2), st.binary(min_size=32, max_size=32)),
    "CDS": (short, octet, st.just(4), st.binary(min_size=48, max_size=48)),
    "DLV": (short, octet, st.just(1), st.binary(min_size=20, max_size=20)),
    "DNSKEY": (short, octet, octet, string),
    "CDNSKEY": (short, octet, octet, string),
    "KEY": (short, octet, octet, string),
    "RRSIG": (short, octet, octet, long, long, long, short, lower_names, string),
    "NSEC": (lower_names, type_sets),
    "NSEC3": (octet, octet, short, string, st.binary(min_size=1, max_size=20), type_sets),
    "NSEC3PARAM": (octet, octet, short, string),
    "TLSA": (octet, octet, st.just(1), st.binary(min_size=32, max_size=32)),
    "SMIMEA": (octet, octet, st.just(0), string),
    "SSHFP": (octet, st.just(2), st.binary(min_size=32, max_size=32)),
    "CAA": (octet, st.sampled_from([b"issue", b"issuewild", b"iodef"]), string),
    "URI": (short, short, st.binary(min_size=1, max_size=20)),
    "OPENPGPKEY": (string,),
    "DHCID": (string,),
    "CSYNC": (long, short, type_sets),
    "ZONEMD": (long, st.just(1), st.just(1), st.binary(min_size=48, max_size=48)),
    "EUI48": (st.binary(min_size=6, max_size=6),),
    "EUI64": (st.binary(min_size=8, max_size=8),),
    "LOC": (
        st.tuples(st.integers(0, 89), *[st.integers(0, 59)] * 2, st.integers(0, 999)).map(
            lambda angle: (*angle, 1)
        ),
        st.tuples(st.integers(0, 179), *[st.integers(0, 59)] * 2, st.integers(0, 999)).map(
            lambda angle: (*angle, -1 if any(angle) else 1)
        ),
        st.integers(-9_999_999, 100_000_000),
        *[st.builds(lambda base, power: base * 10**power, st.integers(1, 9), st.integers(0, 9))]
        * 3,
    ),
}
TABLED: Final = tuple(_FIELDS)


def _rdata_of(mnemonic: str) -> st.SearchStrategy[dns.rdata.Rdata]:
    rtype = dns.rdatatype.from_text(mnemonic)
    made: Callable[..., dns.rdata.Rdata] = dns.rdata.get_rdata_class(  # type: ignore[no-untyped-call]
        dns.rdataclass.IN, rtype
    )
    fields = (st.just(dns.rdataclass.IN), st.just(rtype), *_FIELDS[mnemonic])
    return st.builds(made, *fields)


unknown_rdatas = st.builds(
    lambda number, data: dns.rdata.GenericRdata(
        dns.rdataclass.IN, dns.rdatatype.RdataType.make(number), data
    ),
    st.integers(65280, 65534),
    string,
)
rdatas: Final = st.one_of(*[_rdata_of(mnemonic) for mnemonic in TABLED], unknown_rdatas)

options = st.one_of(
    st.builds(dns.edns.ECSOption, ipv4, st.integers(0, 32), st.integers(0, 32)),
    st.builds(dns.edns.ECSOption, ipv6, st.integers(0, 128), st.integers(0, 128)),
    st.builds(dns.edns.NSIDOption, string),
    st.builds(
        dns.edns.CookieOption,
        st.binary(min_size=8, max_size=8),
        st.one_of(st.just(b""), st.binary(min_size=8, max_size=32)),
    ),
    st.builds(
        dns.edns.EDEOption,
        short,
        st.one_of(st.none(), st.text("abc XYZ:é\\", min_size=1, max_size=20)),
    ),
    st.builds(dns.edns.ReportChannelOption, lower_names),
    st.builds(dns.edns.GenericOption, st.integers(65001, 65534), string),
)


def _rrset(owner: dns.name.Name, ttl: int, rdata: dns.rdata.Rdata) -> dns.rrset.RRset:
    rrset = dns.rrset.RRset(owner, rdata.rdclass, rdata.rdtype)
    rrset.add(rdata, ttl)
    return rrset


rrsets: Final = st.builds(_rrset, names, st.integers(0, 0x7FFFFFFF), rdatas)


@st.composite
def wires(draw: st.DrawFn) -> bytes:
    """Octets of a well-formed message with all sections, compressed by dnspython."""
    message = dns.message.Message(draw(short))
    message.flags = dns.flags.Flag(draw(short) & 0x87B0)
    message.set_opcode(dns.opcode.Opcode.make(draw(st.sampled_from([0, 1, 2, 4]))))
    for name in draw(st.lists(names, min_size=0, max_size=2)):
        number = draw(st.one_of(st.integers(1, 260), short))
        rdclass = dns.rdataclass.RdataClass.make(draw(st.sampled_from([1, 3, 4, 9, 255])))
        rdtype = dns.rdatatype.RdataType.make(number)
        message.question.append(dns.rrset.RRset(name, rdclass, rdtype))
    for section in (message.answer, message.authority, message.additional):
        section.extend(draw(st.lists(rrsets, max_size=4)))
    if draw(st.booleans()):
        message.use_edns(
            edns=draw(st.integers(0, 3)),
            ednsflags=draw(st.sampled_from([0, 0x8000])),
            payload=draw(short),
            options=draw(st.lists(options, max_size=4)),
        )
        message.set_rcode(dns.rcode.Rcode.make(draw(st.integers(0, 4095))))
    else:
        message.set_rcode(dns.rcode.Rcode.make(draw(st.integers(0, 15))))
    return message.to_wire(max_size=65535)
