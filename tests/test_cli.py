"""The command line: exit codes, one line for each mistake, and what goes where."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Final

import jsonschema
import pytest

from sensor import __version__
from sensor.encoders.schema import SCHEMAS
from tests.replays import ROOT, START, asked, capture, event, run, write

SHIPPED: Final = ROOT / "config" / "sensor.yaml"
ESCAPE: Final = b"\x1b["


@pytest.fixture
def case(tmp_path: Path) -> tuple[Path, Path]:
    """The story's capture and event file."""
    return write(tmp_path)


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "sensor", *(str(argument) for argument in arguments)]


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what would change colours or warnings."""
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


# Usage


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("replay",), "nothing to replay: name a capture, or event files with --events"),
        (("replay", "--emit", "packets", "x"), "invalid choice: 'packets' (choose from"),
        (("replay", "--revisions", "some", "x"), "invalid choice: 'some'"),
        (("replay", "--watch", "", "x"), 'expected one line of text, got ""'),
        (("replay", "--watch", "a..b", "x"), "the name has an empty label"),
        (("replay", "--watch", "a" * 64, "x"), "longer than 63 octets"),
        (("replay", "--watch", "*.example.org", "x"), 'did you mean ".example.org"?'),
        (("replay", "--watch", "https://example.org/", "x"), "expected a name such as"),
        (("replay", "--watch", ".", "x"), 'for every name write "*"'),
        (("replay", "-", "-"), "standard input (-) can be read only once"),
        (("replay", "--events", "-", "-"), "standard input (-) can be read only once"),
        (("replay", "--stats", "/no/such/folder/s", "x"), "name a file that can be written"),
        (("replay", "-c", "/no/such.yaml", "x"), "/no/such.yaml: No such file or directory"),
        (("replay", "--speed", "9", "x"), "unrecognized arguments"),
        (("schema", "rules"), "invalid choice: 'rules'"),
        (("check", "-c", "/no/such.yaml"), "/no/such.yaml: No such file or directory"),
    ],
)
def test_a_command_line_that_cannot_be_carried_out_exits_2(
    arguments: tuple[str, ...], said: str
) -> None:
    """
    Nothing goes to standard output, and the last line of standard error says what was wrong.
    """
    done = run(*arguments)

    assert (2, b"") == (done.code, done.out)
    assert said in done.err.splitlines()[-1]
    assert "Traceback" not in done.err


@pytest.mark.parametrize("more", [(), ("--stats", "/dev/null"), ("--stats", "/dev/full")])
def test_output_that_cannot_be_written_is_one_line_whatever_else_is_written(
    case: tuple[Path, Path], more: tuple[str, ...]
) -> None:
    """
    A full disk under standard output exits 1 with one line, with statistics and without.
    """
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command("replay", "--emit", "messages", *more, case[0]),
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
        )

    assert (1, b"dns-sensor: standard output: No space left on device\n") == (
        done.returncode,
        done.stderr,
    )


def test_statistics_on_a_full_disk_are_told(case: tuple[Path, Path]) -> None:
    """
    What was found is printed, and one line says that the statistics could not be written.
    """
    done = run("replay", "--stats", "/dev/full", case[0])

    assert 1 == done.code
    assert done.lines
    assert ["dns-sensor: --stats /dev/full: No space left on device"] == done.err.splitlines()


def test_statistics_never_take_the_place_of_an_input(case: tuple[Path, Path]) -> None:
    """
    --stats with the name of a file that the replay reads exits 2 and leaves the file as it was.
    """
    before = case[0].read_bytes()

    done = run("replay", "--stats", case[0].parent / "." / case[0].name, case[0])

    assert 2 == done.code
    assert "is read by this replay; name another file" in done.err
    assert before == case[0].read_bytes()


def test_statistics_that_cannot_be_written_are_told_before_the_replay(
    case: tuple[Path, Path], tmp_path: Path
) -> None:
    """
    A folder is no file for --stats: exit 2, in one line, and nothing is printed.
    """
    done = run("replay", "--stats", tmp_path, case[0])

    assert (2, b"") == (done.code, done.out)
    assert [f"dns-sensor: --stats {tmp_path}: Is a directory; name a file that can be written"] == (
        done.err.splitlines()
    )


def test_version_and_help_go_to_standard_output() -> None:
    """
    They are asked for, so they are output, and exit 0.
    """
    version, screen = run("--version"), run("replay", "--help")

    assert (0, f"dns-sensor {__version__}\n".encode(), "") == (
        version.code,
        version.out,
        version.err,
    )
    assert (0, "") == (screen.code, screen.err)
    assert b"examples:" in screen.out


# Input that cannot be read, or not to its end


def test_a_missing_capture_exits_1_after_the_others(case: tuple[Path, Path]) -> None:
    """
    One line names it; what the others hold is printed.
    """
    whole = run("replay", case[0])

    done = run("replay", "/no/such.pcap", case[0])

    assert (1, whole.out) == (done.code, done.out)
    (line,) = done.err.splitlines()
    assert line.startswith("dns-sensor: /no/such.pcap: cannot be opened (No such file")
    assert "expected pcap or pcapng" in line


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "is empty; expected pcap or pcapng"),
        (b"Dear operator,\n", "is not a capture: it begins with 44 65 61 72 at octet 0; expected"),
        (b"\xd4\xc3", "is not a capture"),
        (b"\x1f\x8b\x08\x00", "at octet 0"),
    ],
)
def test_what_is_no_capture_exits_1_in_one_line(tmp_path: Path, octets: bytes, said: str) -> None:
    """
    The line names the file, what is wrong, and what would be right or where it broke.
    """
    path = tmp_path / "capture"
    path.write_bytes(octets)

    done = run("replay", path)

    assert (1, b"") == (done.code, done.out)
    (line,) = done.err.splitlines()
    assert line.startswith(f"dns-sensor: {path}: ")
    assert said in line


@pytest.mark.parametrize("option", [(), ("--events",)])
def test_a_folder_is_no_file_to_read(tmp_path: Path, option: tuple[str, ...]) -> None:
    """
    A folder given for a capture or an event file exits 1 in one line.
    """
    done = run("replay", *option, tmp_path)

    assert (1, b"") == (done.code, done.out)
    (line,) = done.err.splitlines()
    assert line.startswith(f"dns-sensor: {tmp_path}: ")
    assert "Is a directory" in line


def test_a_cut_capture_exits_1_after_its_whole_records(tmp_path: Path) -> None:
    """
    A file cut within its last record gives all records before, and one line says where it broke.
    """
    path = tmp_path / "cut.pcap"
    path.write_bytes(capture()[:-5])

    done = run("replay", "--emit", "messages", path)

    assert (1, 11) == (done.code, len(done.lines))
    (line,) = done.err.splitlines()
    assert line.startswith(f"dns-sensor: {path}: ")
    assert "octet" in line


def test_a_missing_event_file_exits_1_after_the_rest(case: tuple[Path, Path]) -> None:
    """
    The capture and the other event files are processed all the same.
    """
    whole = run("replay", "--events", case[1], case[0])

    done = run("replay", "--events", "/no/such.jsonl", "--events", case[1], case[0])

    assert (1, whole.out) == (done.code, done.out)
    assert ["dns-sensor: /no/such.jsonl: cannot be read: No such file or directory"] == (
        done.err.splitlines()
    )


def test_binary_garbage_is_no_event_file(tmp_path: Path) -> None:
    """
    It exits 1, and the line says which formats are read.
    """
    path = tmp_path / "events"
    path.write_bytes(bytes(range(256)) * 8)

    done = run("replay", "--events", path)

    assert (1, b"") == (done.code, done.out)
    (line,) = (line for line in done.err.splitlines() if line.startswith("dns-sensor: "))
    assert line.startswith(f"dns-sensor: {path}: this is no event log; expected Sysmon events as")


def test_rejected_event_records_leave_0(case: tuple[Path, Path], tmp_path: Path) -> None:
    """
    Records that cannot be read are counted in the log and in the statistics; the others count.
    """
    whole = run("replay", "--events", case[1], case[0])
    broken = tmp_path / "broken.jsonl"
    torn = json.dumps(event(22, START, 900, "FIN-WS-0231.corp.example"))[:60].encode()
    broken.write_bytes(b"no record\n" + torn + b"\n" + case[1].read_bytes())

    done = run("replay", "--events", broken, "--stats", tmp_path / "stats", case[0])

    assert (0, whole.out) == (done.code, done.out)
    (line,) = done.err.splitlines()
    assert "events.rejected" == json.loads(line)["event"]
    assert 2 == json.loads((tmp_path / "stats").read_text())["events"]["rejected"]


def test_an_event_log_without_events_is_no_mistake(tmp_path: Path, case: tuple[Path, Path]) -> None:
    """
    A log just rotated is empty: exit 0.
    """
    path = tmp_path / "empty.jsonl"
    path.touch()

    done = run("replay", "--events", path, case[0])

    assert (0, "") == (done.code, done.err)


@pytest.mark.parametrize("option", [(), ("--events",)])
def test_a_path_cannot_add_a_line_to_standard_error(option: tuple[str, ...]) -> None:
    """
    One problem is one line, whatever the file is called.
    """
    done = run("replay", *option, "/no/such\nfile")

    assert 1 == done.code
    assert 1 == len(done.err.splitlines())


# Standard input and output


def test_the_capture_may_come_from_standard_input(case: tuple[Path, Path]) -> None:
    """
    `-` among the captures is standard input.
    """
    whole = run("replay", "--events", case[1], case[0])

    done = run("replay", "--events", case[1], "-", stdin=case[0].read_bytes())

    assert (0, whole.out, "") == (done.code, done.out, done.err)
    assert whole.out


def test_the_events_may_come_from_standard_input(case: tuple[Path, Path]) -> None:
    """
    `-` after --events is standard input.
    """
    whole = run("replay", "--events", case[1], case[0])

    done = run("replay", "--events", "-", case[0], stdin=case[1].read_bytes())

    assert (0, whole.out, "") == (done.code, done.out, done.err)


def test_a_live_pipe_is_read_to_its_end(case: tuple[Path, Path]) -> None:
    """
    A capture that comes through a real pipe, in pieces, gives what the file gives.
    """
    whole = run("replay", "--emit", "messages", case[0])
    octets = case[0].read_bytes()
    with subprocess.Popen(
        command("replay", "--emit", "messages", "-"),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        for at in range(0, len(octets), 50):
            process.stdin.write(octets[at : at + 50])
            process.stdin.flush()

        out, err = process.communicate(timeout=60)

    assert (0, whole.out, b"") == (process.returncode, out, err)


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path: Path) -> None:
    """
    `replay | head -n 1` ends quietly, however much is left to print.
    """
    path = tmp_path / "long.pcap"
    frames = [f for n in range(2000) for f in asked(START + n * 10**9, "10.20.30.41", port=50001)]
    path.write_bytes(capture(frames))
    pipe = f"{' '.join(command('replay', '--emit', 'messages', path))}; echo $? >&2"

    done = subprocess.run(
        ["sh", "-c", f"{{ {pipe}; }} | head -n 1"], cwd=ROOT, capture_output=True, check=False
    )

    assert 1 == len(done.stdout.splitlines())
    assert b"0\n" == done.stderr


@pytest.mark.parametrize("arguments", [("schema",), ("replay", "--emit", "messages", "CAPTURE")])
def test_output_that_finds_no_room_exits_1_in_one_line(
    case: tuple[Path, Path], arguments: tuple[str, ...]
) -> None:
    """
    A full disk is told in one line, without a traceback.
    """
    words = [str(case[0]) if word == "CAPTURE" else word for word in arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*words), cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert 1 == done.returncode
    (line,) = done.stderr.splitlines()
    assert "No space left on device" in line


@pytest.mark.parametrize("stream", ["0", "1"])
def test_a_closed_stream_is_told_in_one_line(case: tuple[Path, Path], stream: str) -> None:
    """
    Without standard input `--events -` has nothing to read, without standard output nothing to
    write to: exit 1, no traceback.
    """
    words = command("replay", "--events", "-", case[0])

    done = subprocess.run(
        ["sh", "-c", f'"$@" {stream}>&-', "sh", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 1 == done.returncode
    assert 1 == len(done.stderr.splitlines())


class Terminal:
    """A pseudo-terminal of 100 columns, and what was written to it."""

    def __init__(self) -> None:
        self._master, self.end = pty.openpty()
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))

    def close(self) -> bytes:
        """Close it and return all that was written. Small writes only: nobody read meanwhile."""
        os.close(self.end)
        found = b""
        while True:
            try:
                chunk = os.read(self._master, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            found += chunk
        os.close(self._master)
        return found


def test_a_terminal_gets_coloured_sentences(case: tuple[Path, Path]) -> None:
    """
    On a terminal an alert is one sentence with colours, and no JSON.
    """
    terminal = Terminal()

    done = subprocess.run(
        command("replay", "--events", case[1], case[0]),
        cwd=ROOT,
        env=environment(TERM="xterm-256color"),
        stdout=terminal.end,
        stderr=subprocess.PIPE,
        check=False,
    )
    shown = terminal.close()

    assert (0, b"") == (done.returncode, done.stderr)
    assert ESCAPE in shown
    assert b'{"' not in shown
    assert b"bot.exe (pid 7172, CORP\\ann) on fin-ws-0231.corp.example" in shown
    assert 3 == len(shown.splitlines())


def test_a_terminal_on_standard_error_gets_the_progress_bar(case: tuple[Path, Path]) -> None:
    """
    The bar is on standard error; standard output is the same as without.
    """
    whole = run("replay", "--events", case[1], case[0])
    terminal = Terminal()

    done = subprocess.run(
        command("replay", "--events", case[1], case[0]),
        cwd=ROOT,
        env=environment(TERM="xterm-256color"),
        stdout=subprocess.PIPE,
        stderr=terminal.end,
        check=False,
    )
    shown = terminal.close()

    assert (0, whole.out) == (done.returncode, done.stdout)
    assert ESCAPE in shown
    assert "━".encode() in shown


def test_pipes_get_neither_bar_nor_colour(case: tuple[Path, Path]) -> None:
    """
    Where nothing is a terminal, standard error is empty and standard output plain JSON.
    """
    done = subprocess.run(
        command("replay", "--events", case[1], case[0]),
        cwd=ROOT,
        env=environment(TERM="xterm-256color"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )

    assert (0, b"") == (done.returncode, done.stderr)
    assert ESCAPE not in done.stdout
    assert 3 == len([json.loads(line) for line in done.stdout.splitlines()])


def test_standard_input_has_no_progress_bar(case: tuple[Path, Path]) -> None:
    """
    Nobody knows how long standard input is.
    """
    terminal = Terminal()

    done = subprocess.run(
        command("replay", "-"),
        cwd=ROOT,
        env=environment(TERM="xterm-256color"),
        input=case[0].read_bytes(),
        stdout=subprocess.PIPE,
        stderr=terminal.end,
        check=False,
    )

    assert (0, b"") == (done.returncode, terminal.close())


# check and schema


def test_check_says_that_the_shipped_configuration_is_in_order() -> None:
    """
    It exits 0, and says so on standard error: standard output is for JSON.
    """
    done = run("check", "-c", SHIPPED)

    assert (0, b"") == (done.code, done.out)
    assert f"{SHIPPED}: in order" in done.err


def test_check_tells_every_problem_at_once(tmp_path: Path) -> None:
    """
    Each is one line with file, line and key; exit 2.
    """
    path = tmp_path / "sensor.yaml"
    path.write_text("dns:\n  ports: [53, 70000]\nattribution:\n  hold: 15\nalert: {}\n")

    done = run("check", "-c", path)

    assert (2, b"") == (done.code, done.out)
    problems = done.err.splitlines()
    assert 3 == len(problems)
    for line, key in ((2, "dns.ports"), (4, "attribution.hold"), (5, "alert")):
        assert any(problem.startswith(f"{path}:{line}: {key}") for problem in problems), problems


def test_check_without_a_configuration_names_the_remedy() -> None:
    """
    Where /etc/dns-sensor/sensor.yaml is missing, check exits 2 and says what to do.
    """
    done = subprocess.run(
        [sys.executable, "-c", MISSING], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert [
        "dns-sensor: /no/such/sensor.yaml does not exist; name a configuration with -c FILE"
    ] == (done.stderr.splitlines())


MISSING: Final = """
import sys
import sensor.cli
sensor.cli.CONFIGURATION = "/no/such/sensor.yaml"
sys.exit(sensor.cli.main(["check"]))
"""


@pytest.mark.parametrize("kind", [*SCHEMAS])
def test_the_committed_schemas_are_those_of_the_code(kind: str) -> None:
    """
    `schema KIND` prints config/schema/KIND.json octet by octet (`make schema` writes them), and it
    is a valid JSON Schema.
    """
    done = run("schema", kind)

    assert (0, "") == (done.code, done.err)
    assert (ROOT / "config" / "schema" / f"{kind}.json").read_bytes() == done.out
    jsonschema.Draft202012Validator.check_schema(json.loads(done.out))


def test_schema_without_a_kind_is_that_of_alerts() -> None:
    """
    The kind may be left out.
    """
    assert run("schema", "alert").out == run("schema").out


# What replay loads


def test_replay_does_not_load_scapy(case: tuple[Path, Path]) -> None:
    """
    Scapy is slow to import, and its licence is not ours.
    """
    script = (
        "import sys; from sensor.cli import main\n"
        f"code = main(['replay', '--events', {str(case[1])!r}, {str(case[0])!r}])\n"
        "found = {name for name in sys.modules if name.partition('.')[0] == 'scapy'}\n"
        "print(code, sorted(found), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert "0 []\n" == done.stderr


def test_events_alone_are_enough(case: tuple[Path, Path]) -> None:
    """
    Captures may be absent when there are events.
    """
    done = run("replay", "--events", case[1])

    assert (0, "") == (done.code, done.err)
    assert ["endpoint_only"] * 2 == [
        line["dnssensor"]["attribution"]["status"] for line in done.lines
    ]


def test_the_sieve_changes_nothing(case: tuple[Path, Path]) -> None:
    """
    --no-sieve prints the same.
    """
    whole = run("replay", "--events", case[1], case[0])

    done = run("replay", "--no-sieve", "--events", case[1], case[0])

    assert (0, whole.out) == (done.code, done.out)
