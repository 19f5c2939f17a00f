"""Service bindings: SVCB and HTTPS (RFC 9460).

Rdata is a priority, a target name, and parameters: a key, a length, a value each (§2.2). Priority
0 is an alias: the target is followed like a CNAME, parameters mean nothing (§2.4.2). Other targets
are followed too, but `.` stands for the owner itself, or in an alias for no service (§2.5).
"""

from collections.abc import Mapping
from typing import Final

from sensor.anomalies import Anomaly
from sensor.dns import iana
from sensor.dns.fields import Cursor, Field, base64_rest, ipv4, ipv6, name, quote, u16
from sensor.dns.names import ROOT, WireError


def service_target(cursor: Cursor) -> str:
    """The target name, which a resolver follows unless it is `.`."""
    text = name(cursor)
    cursor.target = None if text == ROOT else text
    return text


def parameters(cursor: Cursor) -> str:
    """The parameters, to the end; their keys must rise (§2.2)."""
    texts: list[str] = []
    last = -1
    while cursor.offset < cursor.end:
        key = cursor.number(2)
        length = cursor.number(2)
        if key <= last or cursor.offset + length > cursor.end:
            raise WireError(Anomaly.RDATA_MALFORMED)
        last = key
        value = Cursor(cursor.wire, cursor.offset, cursor.offset + length, cursor.names)
        cursor.offset += length
        text = _VALUES.get(key, _opaque)(value)
        if value.offset != value.end:
            raise WireError(Anomaly.RDATA_MALFORMED)
        texts.append(f"{iana.svcb_key_name(key)}={text}" if text else iana.svcb_key_name(key))
    return " ".join(texts)


def _opaque(value: Cursor) -> str:
    octets = value.rest()
    return quote(octets) if octets else ""


def _flag(_value: Cursor) -> str:
    """No value: `no-default-alpn` (§7.1.1), `ohttp` (RFC 9540 §4)."""
    return ""


def _key(value: Cursor) -> str:
    return iana.svcb_key_name(value.number(2))


def _list(item: Field) -> Field:
    """One value or more, to the end, with commas between (appendix A.1)."""

    def read(value: Cursor) -> str:
        texts = [item(value)]
        while value.offset < value.end:
            texts.append(item(value))
        return f'"{",".join(texts)}"'

    return read


def _protocols(value: Cursor) -> str:
    """Protocol identifiers: not empty; a comma in one is escaped before the string is (§7.1.1)."""
    protocols = []
    while value.offset < value.end:
        protocol = value.counted()
        if not protocol:
            raise WireError(Anomaly.RDATA_MALFORMED)
        protocols.append(protocol.replace(b"\\", b"\\\\").replace(b",", b"\\,"))
    if not protocols:
        raise WireError(Anomaly.RDATA_MALFORMED)
    return quote(b",".join(protocols))


def _path(value: Cursor) -> str:
    """The segments of a DNS over CoAP resource, of which there may be none."""
    return _protocols(value) if value.offset < value.end else ""


def _port(value: Cursor) -> str:
    return f'"{u16(value)}"'


def _configurations(value: Cursor) -> str:
    """Encrypted ClientHello configurations, not empty, as one base64 run."""
    if value.offset == value.end:
        raise WireError(Anomaly.RDATA_MALFORMED)
    return f'"{base64_rest(value)}"'


_VALUES: Final[Mapping[int, Field]] = {
    0: _list(_key),  # mandatory, §8
    1: _protocols,  # alpn, §7.1
    2: _flag,  # no-default-alpn, §7.1
    3: _port,  # port, §7.2
    4: _list(ipv4),  # ipv4hint, §7.3
    5: _configurations,  # ech
    6: _list(ipv6),  # ipv6hint, §7.3
    8: _flag,  # ohttp, RFC 9540 §4
    9: _list(u16),  # tls-supported-groups
    10: _path,  # docpath
}
