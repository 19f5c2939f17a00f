"""Mnemonics, held to dnspython's."""

import dns.edns
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.svcbbase import ParamKey

from sensor.dns import iana


def test_types_are_named_as_dnspython_names_them() -> None:
    """
    Each type dnspython knows has the same mnemonic here.
    """
    known = {int(rtype): dns.rdatatype.to_text(rtype) for rtype in dns.rdatatype.RdataType}

    assert known == {number: iana.type_name(number) for number in known}


def test_types_beyond_dnspython_are_few_and_listed() -> None:
    """
    IANA has assigned these too; dnspython writes them as numbers.
    """
    known = {int(rtype) for rtype in dns.rdatatype.RdataType}

    ours = {name for number, name in iana.TYPES.items() if number not in known}

    assert {
        *("EID", "NIMLOC", "ATMA", "SINK", "RKEY", "TALINK", "UINFO", "UID", "GID", "DOA"),
        *("CLA", "IPN"),
    } == ours


def test_classes_are_named_as_dnspython_names_them() -> None:
    """
    Class 0 is reserved and has no mnemonic.
    """
    known = {int(rclass): dns.rdataclass.to_text(rclass) for rclass in dns.rdataclass.RdataClass}
    known[0] = "CLASS0"

    assert known == {number: iana.class_name(number) for number in known}


def test_opcodes_are_named_as_dnspython_names_them() -> None:
    """
    And DSO (RFC 8490), which dnspython lacks.
    """
    known = {int(opcode): dns.opcode.to_text(opcode) for opcode in dns.opcode.Opcode}

    assert known | {6: "DSO"} == dict(iana.OPCODES)


def test_response_codes_are_named_as_dnspython_names_them() -> None:
    """
    All twelve bits of them.
    """
    known = {int(rcode): dns.rcode.to_text(rcode) for rcode in dns.rcode.Rcode}

    assert known == dict(iana.RCODES)


def test_options_are_named_as_dnspython_names_them() -> None:
    """
    EDNS options have no mnemonics of their own in the registry.
    """
    known = {int(code): code.name.replace("_", "-") for code in dns.edns.OptionType}

    assert known == {number: iana.option_name(number) for number in known}


def test_service_parameters_are_named_as_dnspython_names_them() -> None:
    """
    RFC 9460 §14.3.2 and the registry.
    """
    known = {int(key): key.name.replace("_", "-").lower() for key in ParamKey}

    assert known == {number: iana.svcb_key_name(number) for number in known}


def test_extended_errors_are_named_as_dnspython_names_them() -> None:
    """
    RFC 8914 §4 and the registry; dnspython loses the capitals of RRSIGs and NSEC3.
    """
    known = {int(code): dns.edns.EDEOption(code).to_text().lower() for code in dns.edns.EDECode}

    ours = {
        number: f"ede {number} ({iana.extended_error_name(number).lower()})" for number in known
    }

    assert known == ours


def test_a_number_without_mnemonic_is_named_by_its_number() -> None:
    """
    RFC 3597 §5 for types and classes, the like for the rest.
    """
    named = [
        iana.type_name(65400),
        iana.class_name(9),
        iana.opcode_name(7),
        iana.rcode_name(12),
        iana.option_name(65001),
        iana.svcb_key_name(65400),
        iana.extended_error_name(4000),
    ]

    assert ["TYPE65400", "CLASS9", "OPCODE7", "RCODE12", "OPT65001", "key65400", ""] == named
