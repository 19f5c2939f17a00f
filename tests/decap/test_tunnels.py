"""What holds for every tunnel header, whatever its octets are."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.anomalies import Anomaly
from sensor.decap import (
    arcnet,
    chdlc,
    erspan,
    etag,
    etherip,
    geneve,
    gre,
    gtp,
    itag,
    l2tp,
    mpls,
    nflog,
    nsh,
    pflog,
    ppp,
    pppoe,
    teredo,
    tzsp,
    vntag,
    vxlan,
    vxlan_gpe,
)
from sensor.decap.header import Header, WireError

Peel = Callable[[memoryview], Header]

# One header of each, with most of what it may hold.
WHOLE: list[tuple[Peel, str]] = [
    (arcnet.peel, "1020 0000 d4 000001"),
    (arcnet.peel, "1020 0000 f0"),
    (chdlc.peel, "0f00 0800"),
    (chdlc.peel_serial, "8f00 0800"),
    (chdlc.peel_serial, "0021"),
    (erspan.peel_ii, "1000 0007 00000000"),
    (erspan.peel_iii, "2000 0007 00000000 0000 0001 0000000000000000"),
    (etag.peel, "000000000000 0800"),
    (etherip.peel, "3000"),
    (geneve.peel, "0200 0800 00002a00 0000 0001 00000000"),
    (gre.peel, "b000 0800 00000000 00000000 00000000"),
    (gre.peel, "c000 0800 00000000 0002 0004 c0000201 0000 0000"),
    (gre.peel, "3081 880b 0000 0009 00000000 00000000"),
    (gtp.peel, "34ff 0010 00000001 0000 00 85 01 0000 c0 01 0000 00"),
    (itag.peel, "0000002a"),
    (l2tp.peel_ip, "00000007"),
    (l2tp.peel_udp, "0003 0000 00000007"),
    (l2tp.peel_udp, "4a02 0010 0001 0002 0000 0000 0002 0000"),
    (mpls.peel, "0002a140"),
    (nflog.peel, "02000000 0800 0100 08000100 0900 0900"),
    (pflog.peel, "2d02" + "00" * 46),
    (nsh.peel, "0fc6 01 01 00002aff" + "00" * 16),
    (ppp.peel, "0021"),
    (pppoe.peel, "1100 0007 0000"),
    (teredo.peel, "0001 0102 aa bbbb 0000000000000000 01 0000 0000 00000000 60"),
    (tzsp.peel, "01000001 0a01ff 00 01"),
    (vntag.peel, "00000000 0800"),
    (vxlan.peel, "08000000 00002a00"),
    (vxlan_gpe.peel, "0c000001 00002a00"),
]
EVERY = pytest.mark.parametrize(("peel", "octets"), WHOLE)


def readings(header: Header | None) -> Iterator[Header]:
    while header is not None:
        yield header
        header = header.or_else


def tried(peel: Peel, octets: bytes) -> Header | WireError:
    try:
        return peel(memoryview(octets))
    except WireError as error:
        return error


@EVERY
def test_whole_header_comes_off(peel: Peel, octets: str) -> None:
    """
    What stands in the list above is a whole header each.
    """
    assert len(peel(memoryview(bytes.fromhex(octets))).rest) == (peel is teredo.peel)


@EVERY
def test_cut_header_is_truncated(peel: Peel, octets: str) -> None:
    """
    Every octet of it belongs to the header: without the last, it cannot be taken off.
    """
    whole = bytes.fromhex(octets)

    for size in range(len(whole)):
        with pytest.raises(WireError) as error:
            peel(memoryview(whole)[:size])
        assert error.value.anomaly is Anomaly.HEADER_TRUNCATED, size
        assert error.value.offset <= size


@EVERY
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_octets_give_a_part_of_them_or_an_anomaly(
    peel: Peel, octets: str, data: st.DataObject
) -> None:
    """
    Nothing but WireError is raised, at an offset within; in every reading what is given back is
    a part of what was given, and less of it (but for Teredo, which may have no octet).
    """
    made = bytearray(bytes.fromhex(octets))
    places = st.integers(0, len(made) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=4)):
        made[place] = value
    front = data.draw(st.sampled_from([bytes(made), b""]))
    whole = front + data.draw(st.binary(max_size=40))

    found = tried(peel, whole)

    if isinstance(found, WireError):
        assert found.anomaly in {Anomaly.HEADER_TRUNCATED, Anomaly.HEADER_MALFORMED}
        assert found.offset <= len(whole)
    else:
        for reading in readings(found):
            assert reading.rest.obj is whole
            assert len(reading.rest) < len(whole) + (peel is teredo.peel)
            assert reading.missing >= 0
