"""Names: reading them, escaping, and the one form for comparisons."""

import dns.name
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.anomalies import Anomaly
from sensor.dns.names import Names, WireError, canonical, skip
from tests.dns import messages
from tests.dns.messages import octets_of, pointer, wire_name


def damage(wire: bytes, offset: int = 0) -> Anomaly:
    with pytest.raises(WireError) as raised:
        Names(wire).read(offset)
    return raised.value.anomaly


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ([b"www", b"example", b"com"], "www.example.com"),
        ([b"wWw", b"Example", b"COM"], "wWw.Example.COM"),
        ([], "."),
        ([b"api.telegram.org"], "api\\.telegram\\.org"),
        ([b"."], "\\."),
        ([b"\\"], "\\\\"),
        ([b'"();@$'], '\\"\\(\\)\\;\\@\\$'),
        ([b"a b", b"\x00\x7f\xff"], "a\\032b.\\000\\127\\255"),
        ([b"_sip", b"*", b"x-1/2"], "_sip.*.x-1/2"),
        ([b"\xc4\xd6"], "\\196\\214"),
    ],
)
def test_a_name_is_its_labels_with_odd_octets_escaped(labels: list[bytes], text: str) -> None:
    """
    RFC 1035 §5.1, RFC 4343 §2.1: a dot inside a label is not a dot between labels.
    """
    wire = wire_name(*labels)

    assert (text, len(wire)) == Names(wire).read(0)


def test_a_pointer_is_followed_and_ends_the_name_in_place() -> None:
    """
    The offset after a name is that after its first pointer (RFC 1035 §4.1.4).
    """
    wire = wire_name(b"example", b"com") + b"\x03www" + pointer(0) + b"\x01a" + pointer(13)

    names = Names(wire)

    assert ("www.example.com", 19) == names.read(13)
    assert ("a.www.example.com", 23) == names.read(19)
    assert ("com", 13) == names.read(8)
    assert ("a.www.example.com", 23) == Names(wire).read(19)


def test_two_spellings_of_a_tail_keep_their_case() -> None:
    """
    What is known of an offset is the name as sent there, not some equal name.
    """
    wire = wire_name(b"CoM") + wire_name(b"com") + b"\x01a" + pointer(0) + b"\x01a" + pointer(5)
    names = Names(wire)

    assert ["a.CoM", "a.com"] == [names.read(10)[0], names.read(14)[0]]


@pytest.mark.parametrize(
    ("wire", "offset", "anomaly"),
    [
        (b"", 0, Anomaly.NAME_TRUNCATED),
        (b"\x03www", 0, Anomaly.NAME_TRUNCATED),
        (b"\x03ww", 0, Anomaly.NAME_TRUNCATED),
        (b"\x01a\xc0", 0, Anomaly.NAME_TRUNCATED),
        (b"\x00", 5, Anomaly.NAME_TRUNCATED),
        (b"\x40abc\x00", 0, Anomaly.LABEL_TYPE_UNKNOWN),
        (b"\x80abc\x00", 0, Anomaly.LABEL_TYPE_UNKNOWN),
        (b"\x01a\xc0\x05\x00\x00", 0, Anomaly.POINTER_FORWARD),
        (b"\x01a\xc0\xff", 0, Anomaly.POINTER_OUTSIDE),
        (b"\xc0\x00", 0, Anomaly.POINTER_LOOP),
        (b"\x01a\xc0\x00", 0, Anomaly.POINTER_LOOP),
        (b"\x01a\xc0\x02", 0, Anomaly.POINTER_LOOP),
        (b"\x01a\xc0\x00\x01b\xc0\x00", 4, Anomaly.POINTER_LOOP),
        (b"\x01a\xc0\x04\x01b\xc0\x00", 4, Anomaly.POINTER_FORWARD),
    ],
)
def test_damage_in_a_name_has_its_own_anomaly(wire: bytes, offset: int, anomaly: Anomaly) -> None:
    """
    Pointers lead to before the labels they follow, so none loops (RFC 9267 §2).
    """
    assert anomaly == damage(wire, offset)


def test_a_name_has_at_most_255_octets() -> None:
    """
    RFC 1035 §2.3.4: 127 labels of one octet and the root just fit; pointers add up too.
    """
    longest = wire_name(*[b"a"] * 127)
    doubled = longest + b"\x01b" + pointer(0)
    halves = (
        wire_name(b"a" * 63, b"b" * 63) + b"\x3f" + b"c" * 63 + b"\x3f" + b"d" * 61 + pointer(0)
    )

    assert (".".join("a" * 127), 255) == Names(longest).read(0)
    assert Anomaly.NAME_TOO_LONG == damage(wire_name(*[b"a"] * 128))
    assert Anomaly.NAME_TOO_LONG == damage(doubled, 255)
    assert Anomaly.NAME_TOO_LONG == damage(wire_name(*[b"a" * 63] * 4))
    assert Anomaly.NAME_TRUNCATED == damage(halves, 129)


def test_a_name_too_long_only_with_its_known_tail_is_too_long() -> None:
    """
    The tail was read before and is fine; 254 octets of it leave room for nothing.
    """
    names = Names(wire_name(*[b"a"] * 127) + b"\x01b" + pointer(0))
    names.read(0)

    with pytest.raises(WireError) as raised:
        names.read(255)
    assert Anomaly.NAME_TOO_LONG == raised.value.anomaly


def test_the_end_of_an_unreadable_name_is_found_in_place() -> None:
    """
    Neither a bad pointer nor too many labels hide where a name ends.
    """
    long = wire_name(*[b"a" * 63] * 9)

    assert 4 == skip(b"\x01a\xff\xff", 0)
    assert len(long) == skip(long + b"more", 0)
    with pytest.raises(WireError):
        skip(b"\x01a\x40", 0)
    with pytest.raises(WireError):
        skip(b"\x01a\xc0", 0)


def test_unreadable_names_cannot_be_walked_for_ever() -> None:
    """
    A chain of pointers that ends in damage is given up once it has cost enough.
    """
    hops = b"".join(pointer(2 * at) for at in range(8000))
    names = Names(b"\x40\x00" + hops)

    met = []
    for _ in range(10):
        with pytest.raises(WireError) as raised:
            names.read(len(hops))
        met.append(raised.value.anomaly)

    assert Anomaly.LABEL_TYPE_UNKNOWN == met[0]
    assert Anomaly.POINTERS_TOO_MANY == met[-1]


@settings(deadline=None)
@given(messages.names, messages.names)
def test_names_read_as_dnspython_reads_them(first: dns.name.Name, second: dns.name.Name) -> None:
    """
    Any octets in any label; text is dnspython's without the last dot.
    """
    wire = octets_of(first) + octets_of(second)
    names = Names(wire)

    read, offset = names.read(0)

    assert first.to_text(omit_final_dot=True) == read
    assert (second.to_text(omit_final_dot=True), len(wire)) == names.read(offset)


@settings(deadline=None)
@given(messages.names, messages.names)
def test_text_is_equal_exactly_when_the_labels_are(
    one: dns.name.Name, other: dns.name.Name
) -> None:
    """
    dnspython compares labels as octets, ASCII case folded.
    """
    texts = [Names(octets_of(name)).read(0)[0].lower() for name in (one, other)]

    assert (one == other) == (texts[0] == texts[1])


@settings(deadline=None)
@given(messages.names)
def test_canonical_leaves_read_names_alone(name: dns.name.Name) -> None:
    """
    The text of a read name, folded, is its own canonical form, with or without a last dot.
    """
    text = Names(octets_of(name)).read(0)[0]

    assert text.lower() == canonical(text)
    assert text.lower() == canonical(text if text == "." else text + ".")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("API.Telegram.ORG", "api.telegram.org"),
        ("api.telegram.org.", "api.telegram.org"),
        (".", "."),
        ("wpad", "wpad"),
        ("api\\.telegram\\.org", "api\\.telegram\\.org"),
        ("api\\046telegram.org", "api\\.telegram.org"),
        ("\\065bc", "abc"),
        ("\\a\\b", "ab"),
        ("a\\.", "a\\."),
        ("a b", "a\\032b"),
        ("a@b$c", "a\\@b\\$c"),
        ("bücher.example", "b\\195\\188cher.example"),
        ("İ", "\\196\\176"),
        ("\ud800", "\\237\\160\\128"),
        ("tab\there\n", "tab\\009here\\010"),
        ("a" * 63, "a" * 63),
    ],
)
def test_canonical_brings_a_written_name_to_the_wire_form(written: str, text: str) -> None:
    """
    ASCII folds and nothing else; characters beyond it are their UTF-8 octets.
    """
    assert text == canonical(written)
    assert text == canonical(text)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "the name is empty"),
        ("..", "the name has an empty label"),
        (".a", "the name has an empty label"),
        ("a..b", "the name has an empty label"),
        ("a..", "the name has an empty label"),
        ("a" * 64, "a label of the name is longer than 63 octets"),
        ("ü" * 32, "a label of the name is longer than 63 octets"),
        (".".join(["a" * 63] * 4), "the name is longer than 255 octets"),
        (".".join("a" * 128), "the name is longer than 255 octets"),
        ("a." * 100_000, "the name is longer than 255 octets"),
        ("a\\", "a backslash in the name escapes nothing"),
        ("a\\25", "a backslash in the name escapes nothing"),
        ("a\\2b5", "a backslash in the name escapes nothing"),
        ("a\\256", "an escape in the name is over \\255"),
    ],
)
def test_canonical_tells_why_a_name_is_impossible(written: str, reason: str) -> None:
    """
    One line, fit for an operator.
    """
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        canonical(written)

    assert reason == str(raised.value)


def test_canonical_takes_a_name_with_every_octet_escaped() -> None:
    """
    254 escaped octets and dots are as long as text can get.
    """
    written = ".".join(["\\000" * 63] * 3 + ["\\000" * 61])

    assert written == canonical(written)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_canonical_is_its_own_fixed_point(written: str) -> None:
    """
    Whatever it accepts, it accepts again unchanged, and dnspython reads the same labels.
    """
    try:
        text = canonical(written)
    except ValueError:
        return

    assert text == canonical(text)
    assert text == messages.plain(dns.name.from_text(text, idna_codec=None))
