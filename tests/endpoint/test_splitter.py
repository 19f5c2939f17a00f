"""Cutting a log file into records."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.endpoint.splitter import LONGEST_RECORD, Json, Piece, Rejected, Xml, split
from tests.endpoint import samples

A, B = {"a": 1, "t": "x"}, {"b": {"c": [1, {"d": 2}]}}
EVENT = "<Event><System/></Event>"


def pieces(data: str | bytes, block: int = 0) -> list[Piece]:
    octets = data.encode() if isinstance(data, str) else data
    step = block or max(1, len(octets))
    return list(split(octets[at : at + step] for at in range(0, len(octets), step)))


def brief(found: list[Piece]) -> list[object]:
    def one(piece: Piece) -> object:
        match piece:
            case Json(value):
                return value
            case Xml(text):
                return text
            case Rejected(reason, line):
                return f"{reason} {line}"

    return [one(piece) for piece in found]


LINES = json.dumps(A) + "\n" + json.dumps(B) + "\n"


@pytest.mark.parametrize(
    "data",
    [
        LINES,
        LINES.rstrip("\n"),
        LINES.replace("\n", "\r\n"),
        "\n \r\n" + LINES + "\n\n",
        json.dumps([A, B]),
        json.dumps([A, B], indent=2),
        json.dumps({"events": [A, B]}),
        json.dumps({"events": [A, B]}, indent=4),
        json.dumps({"value": [A, B]}, indent=1).replace("\n", "\r\n"),
        json.dumps(A, indent=2) + "\n" + json.dumps(B, indent=2),
        json.dumps(A) + json.dumps(B),
        "Oct 24 17:05:38 host nxlog: " + LINES,
    ],
)
@pytest.mark.parametrize("block", [0, 1, 7])
def test_json_comes_in_many_shapes(data: str, block: int) -> None:
    """
    Lines, arrays, arrays in an object, over many lines, behind a syslog prefix: the same objects.
    """
    assert [A, B] == brief(pieces(data, block))


@pytest.mark.parametrize(
    "data",
    [
        EVENT + "\n" + EVENT + "\n",
        EVENT + EVENT,
        f'<?xml version="1.0" encoding="utf-8"?>\n<Events>\n{EVENT}\n{EVENT}\n</Events>\n',
        f'<?xml version="1.0"?><Events>{EVENT}{EVENT}</Events>',
        f'<?xml version="1.0"?>\n{EVENT}\n\n<?xml version="1.0"?>\r\n{EVENT}\n',
        f"Oct 24 17:05:38 host sysmon: {EVENT}\nOct 24 17:05:38 host sysmon: {EVENT}",
    ],
)
@pytest.mark.parametrize("block", [0, 1, 5])
def test_xml_comes_in_many_shapes(data: str, block: int) -> None:
    """
    Several on a line, in documents, wrapped, behind a syslog prefix.
    """
    assert [EVENT, EVENT] == brief(pieces(data, block))


def test_an_event_over_many_lines_is_one() -> None:
    """
    Pretty-printed, and with line feeds within a command line.
    """
    text = "<Event\n xmlns='x'>\n <System/>\n<Data>{\n</Data></Event>"

    assert [text] == brief(pieces(text + "\n"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("block", [0, 1])
def test_a_byte_order_mark_says_the_encoding(encoding: str, block: int) -> None:
    """
    PowerShell writes UTF-16 and UTF-8 with a mark.
    """
    value = {"Image": "C:\\Übung\\\N{PILE OF POO}.exe"}
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    data = (mark + json.dumps(value, ensure_ascii=False) + "\r\n").encode(encoding)

    assert [value, value] == brief(pieces(data, block)) * 2


def test_octets_that_are_no_text_lose_no_record() -> None:
    """
    U+FFFD stands for them.
    """
    data = b'{"a": "\xff\xfe", "b": 1}\n'

    assert [{"a": "\ufffd\ufffd", "b": 1}] == brief(pieces(data))


def test_lone_surrogates_and_control_characters_lose_no_record() -> None:
    """
    Windows' texts are UTF-16 without any promise.
    """
    data = '{"a": "\\ud800x", "b": "\x01"}\n'

    assert [{"a": "\ufffdx", "b": "\x01"}] == brief(pieces(data))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("Started sysmon\n" + json.dumps(A), ["unrecognised 1", A]),
        (json.dumps(A) + "\nfoo\n\nbar", [A, "unrecognised 2", "unrecognised 4"]),
        ('{"a": "x\n' + json.dumps(A), ["malformed 1", A]),
        ('{"a": {"b": 1,\n' + json.dumps(A), ["malformed 1", A]),
        ('{"a": [1,\n' + json.dumps(A), ["malformed 1", A]),
        ('{"a": 1,,}\n' + json.dumps(A), ["malformed 1", A]),
        ('{"a": 1,\n' + EVENT, ["malformed 1", EVENT]),
        ('{"a": 1,\nOct 24 x: ' + EVENT, ["malformed 1", EVENT]),
        (json.dumps(A) + '\n{"a": 1, "b', [A, "cut 2"]),
        (json.dumps(A) + '\n{"a": 1, "b\n', [A, "malformed 2"]),
        ("<Event><System>\n" + EVENT, ["malformed 1", EVENT]),
        ("<Event><System>\n" + json.dumps(A) + "\nx\n" + EVENT, ["malformed 1", A, EVENT]),
        (EVENT + "\n<Event><Sys", [EVENT, "cut 2"]),
        ("<Event><System>\n" + json.dumps(A) + "\n", ["malformed 1", A]),
    ],
)
@pytest.mark.parametrize("block", [0, 1, 3])
def test_a_damaged_record_loses_itself_only(data: str, expected: list[object], block: int) -> None:
    """
    The line is told where it began; what comes after is read.
    """
    assert expected == brief(pieces(data, block))


@pytest.mark.parametrize(
    "shape", ["{}\n{}\n{}\n", "[{},{},{}]", '{{"events": [\n{},\n{},\n{}\n]}}']
)
def test_a_json_record_longer_than_allowed_loses_itself_only(shape: str) -> None:
    """
    One record's size is bounded, a file's is not.
    """
    long = json.dumps({"a": "x" * LONGEST_RECORD})
    data = shape.format(json.dumps(A), long, json.dumps(B))

    first, middle, last = pieces(data, 65536)

    assert (Json(A), Json(B)) == (first, last)
    assert isinstance(middle, Rejected)
    assert middle.reason == "oversize"


def test_the_longest_record_is_still_read() -> None:
    """
    The bound is the record's own, wherever blocks are cut.
    """
    empty = len('{"a":""}')
    long = '{"a":"' + "x" * (LONGEST_RECORD - empty) + '"}'
    longer = long.replace("x", "xx", 1)

    for block in (0, 65536, 100_000):
        assert [dict, str] == [type(one) for one in brief(pieces(long + "\n" + longer, block))]


def test_an_xml_record_longer_than_allowed_loses_itself_only() -> None:
    """
    It is passed over to its end tag, in bounded memory.
    """
    long = f"<Event><System/><a>{'x' * (3 * LONGEST_RECORD)}</a></Event>"

    assert ["oversize 1", EVENT, EVENT] == brief(pieces(f"{long}\n{EVENT}{EVENT}", 65536))


def test_an_endless_line_without_a_record_is_one_rejection() -> None:
    """
    It is passed over to its line feed.
    """
    data = "x" * (3 * LONGEST_RECORD) + "\n" + json.dumps(A)

    assert ["unrecognised 1", A] == brief(pieces(data, 65536))


def test_one_line_with_very_many_events_is_cut_everywhere() -> None:
    """
    A whole export may be one line; an event may lie across any border.
    """
    count = 2 * LONGEST_RECORD // len(EVENT)

    assert count == len(pieces(f"<Events>{EVENT * count}</Events>", 65537))


def test_what_comes_before_a_failing_read_is_kept() -> None:
    """
    A cut gzip file ends in an exception; the records before it are read first.
    """

    def failing() -> Iterator[bytes]:
        yield (json.dumps(A) + "\n" + json.dumps(B) + "\n" + '{"a":').encode()
        raise OSError("cut")

    found: list[Piece] = []

    with pytest.raises(OSError, match="cut"):
        found.extend(split(failing()))
    assert [A, B, "cut 3"] == brief(found)


RECORDS = (json.dumps(A), json.dumps(B, indent=1), EVENT, samples.xml(), samples.xml(end="\n"))
SHREDS = (
    '\n|{|}|[|]|"|,|<Event>|</Event>|<Events>|\\|x| |\r|{"events": [|<Event |</Event|\ufeff|{ "'
)
PARTS = st.sampled_from((*RECORDS, *SHREDS.split("|")))


@given(st.lists(PARTS, max_size=25).map("".join), st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_where_blocks_are_cut_changes_nothing(data: str, block: int) -> None:
    """
    Any mixture of records and their parts gives the same pieces in any blocks.
    """
    assert pieces(data) == pieces(data, block)


@given(st.binary(max_size=400), st.integers(1, 50))
@settings(max_examples=200, deadline=None)
def test_no_octets_raise(data: bytes, block: int) -> None:
    """
    Whatever a file holds becomes records and rejections.
    """
    assert all(isinstance(piece, Json | Xml | Rejected) for piece in pieces(data, block))
