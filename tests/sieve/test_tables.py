"""The tables: names as labels, what is kept of them, and what follows which header."""

import numpy as np
import pytest

from sensor.decap.unwrap import TABLE
from sensor.dns.names import canonical
from sensor.sieve.message import is_kept
from sensor.sieve.tables import CONFIGURED, KIND_BITS, PORT, Kind, Tables, labels

KEY = bytes(16)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".", []),
        ("org", [b"org"]),
        ("api.telegram.org", [b"api", b"telegram", b"org"]),
        ("api\\.telegram.org", [b"api.telegram", b"org"]),
        ("\\000\\255\\\\.x\\@", [b"\0\xff\\", b"x@"]),
    ],
)
def test_labels_are_the_octets_of_the_text(text: str, expected: list[bytes]) -> None:
    """
    A canonical name's escapes come off, and only dots that part labels part them.
    """
    assert text == canonical(text)
    assert expected == labels(text)


def kept(tables: Tables) -> set[int]:
    return {int(value) for value in tables.slots if value}


def test_each_name_is_kept_once() -> None:
    """
    Names are a set, and an exact name is kept apart from the names below it.
    """
    names = ["a.example", ".a.example", "a.example", ".", "b.example"]
    tables = Tables.of(names, frozenset({53}), any_port=True, key=KEY)

    assert 4 == len(kept(tables))


@pytest.mark.parametrize("count", [0, 1, 32, 33, 5000])
def test_every_kept_hash_is_found(count: int) -> None:
    """
    The filter has the bits of all that the table has, and the table half its slots at most.
    """
    names = [f"n{number}.example" for number in range(count)]
    tables = Tables.of(names, frozenset(), any_port=True, key=KEY)
    values = kept(tables)

    assert count == len(values)
    assert 2 * count <= len(tables.slots)
    assert all(is_kept(np.uint64(value), tables.bloom, tables.slots) for value in values)


def test_few_other_hashes_get_past_the_filter() -> None:
    """
    Of hashes that are not kept, none is found, and fewer than one in twenty passes the filter.
    """
    names = [f"n{number}.example" for number in range(5000)]
    tables = Tables.of(names, frozenset(), any_port=True, key=KEY)
    others = np.random.default_rng(1).integers(0, 1 << 63, 2000, dtype=np.uint64)
    everything = np.full_like(tables.slots, 0)
    bits = np.zeros_like(others)
    for shift in (58, 52, 46):
        bits = bits | np.uint64(1) << (others >> np.uint64(shift) & np.uint64(63))
    words = tables.bloom[(others & np.uint64(len(tables.bloom) - 1)).astype(np.int64)]

    assert not any(is_kept(value, tables.bloom, tables.slots) for value in others)
    assert not any(is_kept(value, tables.bloom, everything) for value in others)
    assert int((words & bits == bits).sum()) < 100


def test_a_hundred_thousand_names_fit_64_megabytes() -> None:
    """
    All that kernels look up, and what one thread writes to, counted in octets.
    """
    names = (f"{'.' * (number & 1)}host-{number}.zone.example" for number in range(100_000))
    tables = Tables.of(names, frozenset({53}), any_port=True, key=KEY)
    arrays = [each for each in tables.arguments if isinstance(each, np.ndarray)]

    assert 100_000 == len(kept(tables))
    assert 5 == len(arrays)
    assert sum(array.nbytes for array in arrays) <= 64_000_000


def test_two_processes_have_two_keys() -> None:
    """
    Without a key one is drawn, so nobody can tell which names collide.
    """
    ones, others = (Tables.of(["a.example"], frozenset(), any_port=True) for _ in range(2))

    assert kept(ones) != kept(others)


def test_every_udp_tunnel_of_the_river_is_a_kind() -> None:
    """
    A line that TABLE has and the kernels do not know passes; none is taken for a plain port.
    """
    tables = Tables.of([], frozenset({53}), any_port=True, vxlan_ports=(9999,), key=KEY)
    ports = [of.number for of in TABLE if of.space == "udp.port"]

    assert all(tables.kinds[PORT + port] >= Kind.OTHER for port in ports)
    assert Kind.VXLAN == tables.kinds[PORT + 9999]
    assert CONFIGURED == tables.kinds[PORT + 53]


def test_each_thread_gets_its_own_scratch() -> None:
    """
    What a kernel writes to is made anew each time the arguments are asked for.
    """
    tables = Tables.of([], frozenset(), any_port=True, key=KEY)

    assert tables.arguments[-1] is not tables.arguments[-1]


def test_headers_of_one_name_are_counted_together() -> None:
    """
    The low four bits of a kind say where `judge` counts it, and the river counts by names.
    """
    erspan = (Kind.ETHERNET_OR_IP, Kind.ERSPAN_II, Kind.ERSPAN_III)

    assert 1 == len({kind & 15 for kind in erspan})
    assert Kind.L2TP_UDP & 15 == Kind.L2TP_IP & 15
    assert max(Kind) <= KIND_BITS
    assert min(kind for kind in Kind if "_OR_" in kind.name) > Kind.TUNNELS > Kind.PAYLOAD
