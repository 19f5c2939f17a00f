"""What is known of each process."""

import msgspec
import pytest

from sensor.endpoint import processes as known
from sensor.endpoint.processes import UNKNOWN, Processes, base_name, is_named, process_key
from tests.attribution.wishes import BOT, HOST, asked, at, guid, started

PARENT = r"C:\Windows\explorer.exe"


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (BOT, "bot.exe"),
        ("bot.exe", "bot.exe"),
        ("C:/x/Bot.EXE", "Bot.EXE"),
        (r"\\server\share\bot.exe", "bot.exe"),
        (UNKNOWN, UNKNOWN),
        ("", ""),
        ("C:\\x\\", ""),
        (None, None),
    ],
)
def test_the_base_name_is_the_last_part(image: str | None, name: str | None) -> None:
    """
    As the event spells it, whichever way the slashes lean.
    """
    assert name == base_name(image)


def test_an_unknown_process_is_no_name() -> None:
    """
    Sysmon's word for a process that has gone names no program.
    """
    assert [True, False, False] == [is_named(image) for image in (BOT, UNKNOWN, None)]


def test_a_process_is_its_guid_on_its_computer() -> None:
    """
    Whatever the event says of pid and image beside it.
    """
    assert (HOST, guid(1), 0, "") == process_key(asked(pid=5, image=UNKNOWN))
    assert process_key(asked()) != process_key(asked(computer="b.x"))


def test_without_guid_a_process_is_its_pid_and_image() -> None:
    """
    The image without case; a pid that got lost makes none equal to pid 0.
    """
    plain = asked(process=None, image=BOT.upper())

    assert (HOST, "", 7312, BOT.lower()) == process_key(plain)
    assert process_key(asked(process=None, pid=None)) != process_key(asked(process=None, pid=0))


def test_an_event_by_itself_tells_what_it_has() -> None:
    """
    Nothing else is made up.
    """
    process = Processes().describe(asked())

    assert (HOST, guid(1), 7312, BOT) == (
        process.computer,
        process.guid,
        process.pid,
        process.image,
    )
    assert (None, None) == (process.started, process.command_line)


def test_event_1_adds_what_it_knows() -> None:
    """
    Before or after: its fields join those of any event of the process.
    """
    processes = Processes()
    processes.learn(started(-5, original="bot.exe", company="Evil", parent=PARENT))
    process = processes.describe(asked(pid=None))

    assert ("bot.exe", "Evil", PARENT, 7312, at(-5)) == (
        process.original_file_name,
        process.company,
        process.parent_image,
        process.pid,
        process.started,
    )


def test_event_1_names_an_unknown_process() -> None:
    """
    But never takes the place of an image that the event has.
    """
    processes = Processes()
    processes.learn(started(-5, image=r"C:\first.exe"))

    assert r"C:\first.exe" == processes.describe(asked(image=UNKNOWN)).image
    assert BOT == processes.describe(asked(image=BOT)).image


def test_the_start_is_utc_where_event_1_says_so() -> None:
    """
    Its UtcTime is right, and comes before its record time.
    """
    processes = Processes()
    processes.learn(msgspec.structs.replace(started(0), utc_time=at(-1)))

    assert at(-1) == processes.describe(asked()).started


def test_the_same_event_1_again_is_no_news() -> None:
    """
    One that says something else is.
    """
    processes = Processes()

    assert [True, False, True] == [
        processes.learn(event) for event in (started(0), started(0), started(0, company="Evil"))
    ]


def test_the_process_first_met_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Past the bound, counted; what is asked later is still its own.
    """
    monkeypatch.setattr(known, "MOST", 2)
    processes = Processes()
    for number in range(3):
        processes.learn(started(0, process=number, company="Evil"))

    said = [processes.describe(asked(process=number)).company for number in range(3)]
    assert [None, "Evil", "Evil"] == said
    assert 1 == processes.evicted


def test_a_described_process_has_the_events_key() -> None:
    """
    What is told of a process is filed under the same key as its events.
    """
    for event in (asked(), asked(process=None), asked(process=None, pid=None)):
        assert process_key(event) == Processes().describe(event).key
