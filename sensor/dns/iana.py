"""IANA's mnemonics: types, classes, opcodes, rcodes, EDNS options, SVCB keys.

Registries: https://www.iana.org/assignments/dns-parameters and .../dns-svcb. A number without
mnemonic is printed as `TYPE65400` and `CLASS9` (RFC 3597 §5), `OPCODE7`, `RCODE12`, `OPT65001`,
`key65400` (RFC 9460 §2.1). Where the registry offers several spellings, it is dnspython's, in
upper case.
"""

from collections.abc import Mapping
from typing import Final

TYPES: Final[Mapping[int, str]] = {
    1: "A",
    2: "NS",
    3: "MD",
    4: "MF",
    5: "CNAME",
    6: "SOA",
    7: "MB",
    8: "MG",
    9: "MR",
    10: "NULL",
    11: "WKS",
    12: "PTR",
    13: "HINFO",
    14: "MINFO",
    15: "MX",
    16: "TXT",
    17: "RP",
    18: "AFSDB",
    19: "X25",
    20: "ISDN",
    21: "RT",
    22: "NSAP",
    23: "NSAP-PTR",
    24: "SIG",
    25: "KEY",
    26: "PX",
    27: "GPOS",
    28: "AAAA",
    29: "LOC",
    30: "NXT",
    31: "EID",
    32: "NIMLOC",
    33: "SRV",
    34: "ATMA",
    35: "NAPTR",
    36: "KX",
    37: "CERT",
    38: "A6",
    39: "DNAME",
    40: "SINK",
    41: "OPT",
    42: "APL",
    43: "DS",
    44: "SSHFP",
    45: "IPSECKEY",
    46: "RRSIG",
    47: "NSEC",
    48: "DNSKEY",
    49: "DHCID",
    50: "NSEC3",
    51: "NSEC3PARAM",
    52: "TLSA",
    53: "SMIMEA",
    55: "HIP",
    56: "NINFO",
    57: "RKEY",
    58: "TALINK",
    59: "CDS",
    60: "CDNSKEY",
    61: "OPENPGPKEY",
    62: "CSYNC",
    63: "ZONEMD",
    64: "SVCB",
    65: "HTTPS",
    66: "DSYNC",
    67: "HHIT",
    68: "BRID",
    99: "SPF",
    100: "UINFO",
    101: "UID",
    102: "GID",
    103: "UNSPEC",
    104: "NID",
    105: "L32",
    106: "L64",
    107: "LP",
    108: "EUI48",
    109: "EUI64",
    128: "NXNAME",
    249: "TKEY",
    250: "TSIG",
    251: "IXFR",
    252: "AXFR",
    253: "MAILB",
    254: "MAILA",
    255: "ANY",
    256: "URI",
    257: "CAA",
    258: "AVC",
    259: "DOA",
    260: "AMTRELAY",
    261: "RESINFO",
    262: "WALLET",
    263: "CLA",
    264: "IPN",
    32768: "TA",
    32769: "DLV",
}

CLASSES: Final[Mapping[int, str]] = {1: "IN", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY"}

OPCODES: Final[Mapping[int, str]] = {
    0: "QUERY",
    1: "IQUERY",
    2: "STATUS",
    4: "NOTIFY",
    5: "UPDATE",
    6: "DSO",
}

RCODES: Final[Mapping[int, str]] = {
    0: "NOERROR",
    1: "FORMERR",
    2: "SERVFAIL",
    3: "NXDOMAIN",
    4: "NOTIMP",
    5: "REFUSED",
    6: "YXDOMAIN",
    7: "YXRRSET",
    8: "NXRRSET",
    9: "NOTAUTH",
    10: "NOTZONE",
    11: "DSOTYPENI",
    16: "BADVERS",  # in a TSIG record 16 is BADSIG (RFC 8945 §3)
    17: "BADKEY",
    18: "BADTIME",
    19: "BADMODE",
    20: "BADNAME",
    21: "BADALG",
    22: "BADTRUNC",
    23: "BADCOOKIE",
}

OPTIONS: Final[Mapping[int, str]] = {
    1: "LLQ",
    2: "UPDATE-LEASE",
    3: "NSID",
    5: "DAU",
    6: "DHU",
    7: "N3U",
    8: "ECS",
    9: "EXPIRE",
    10: "COOKIE",
    11: "KEEPALIVE",
    12: "PADDING",
    13: "CHAIN",
    14: "KEY-TAG",
    15: "EDE",
    16: "CLIENT-TAG",
    17: "SERVER-TAG",
    18: "REPORTCHANNEL",
    19: "ZONEVERSION",
    22: "EDE-EXTRA-TEXT-LANGUAGE",
    23: "FILTERING-CONTACT",
    24: "FILTERING-ORGANIZATION",
    25: "FILTERING-DB",
    20292: "UMBRELLA-IDENT",
    26946: "DEVICEID",
}

SVCB_KEYS: Final[Mapping[int, str]] = {
    0: "mandatory",
    1: "alpn",
    2: "no-default-alpn",
    3: "port",
    4: "ipv4hint",
    5: "ech",
    6: "ipv6hint",
    7: "dohpath",
    8: "ohttp",
    9: "tls-supported-groups",
    10: "docpath",
}

# Extended DNS error codes: RFC 8914 §4 and its registry.
EXTENDED_ERRORS: Final[Mapping[int, str]] = {
    0: "Other",
    1: "Unsupported DNSKEY Algorithm",
    2: "Unsupported DS Digest Type",
    3: "Stale Answer",
    4: "Forged Answer",
    5: "DNSSEC Indeterminate",
    6: "DNSSEC Bogus",
    7: "Signature Expired",
    8: "Signature Not Yet Valid",
    9: "DNSKEY Missing",
    10: "RRSIGs Missing",
    11: "No Zone Key Bit Set",
    12: "NSEC Missing",
    13: "Cached Error",
    14: "Not Ready",
    15: "Blocked",
    16: "Censored",
    17: "Filtered",
    18: "Prohibited",
    19: "Stale NXDOMAIN Answer",
    20: "Not Authoritative",
    21: "Not Supported",
    22: "No Reachable Authority",
    23: "Network Error",
    24: "Invalid Data",
    25: "Signature Expired Before Valid",
    26: "Too Early",
    27: "Unsupported NSEC3 Iterations Value",
    28: "Unable To Conform To Policy",
    29: "Synthesized",
    30: "Invalid Query Type",
    31: "Rate Limited",
    32: "Over Quota",
}


def type_name(number: int) -> str:
    """Name a record type: `AAAA`, `TYPE65400`."""
    return TYPES.get(number) or f"TYPE{number}"


def class_name(number: int) -> str:
    """Name a class: `IN`, `CLASS9`."""
    return CLASSES.get(number) or f"CLASS{number}"


def opcode_name(number: int) -> str:
    """Name an opcode: `QUERY`, `OPCODE7`."""
    return OPCODES.get(number) or f"OPCODE{number}"


def rcode_name(number: int) -> str:
    """Name a response code, extended ones too: `NXDOMAIN`, `BADVERS`, `RCODE12`."""
    return RCODES.get(number) or f"RCODE{number}"


def option_name(number: int) -> str:
    """Name an EDNS option: `COOKIE`, `OPT65001`."""
    return OPTIONS.get(number) or f"OPT{number}"


def svcb_key_name(number: int) -> str:
    """Name a SVCB parameter: `alpn`, `key65400`."""
    return SVCB_KEYS.get(number) or f"key{number}"


def extended_error_name(number: int) -> str:
    """Name an extended DNS error: `Blocked`, empty where the registry has none."""
    return EXTENDED_ERRORS.get(number, "")
