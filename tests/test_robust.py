"""Whatever real files hold, `replay` reads what can be read, says what could not, and ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from sensor.frame import Frame
from sensor.stage import SECOND
from tests.realdata import REALDATA, needs_realdata
from tests.replays import KINDS, SERVER, START, Done, asked, capture, datagram, run

ANY: Final = ("--watch", "*")


def files(*folders: str) -> list[Path]:
    """Every file below, of those with the same octets the first."""
    found = sorted(path for folder in folders for path in (REALDATA / folder).rglob("*"))
    unlike = {path.read_bytes(): path for path in reversed(found) if path.is_file()}
    return sorted(unlike.values())


FILES: Final = files("pcaps")
SEEDS: Final = files("dns_message_seeds")
LOGS: Final = files("events", "evtx", "pairs")
LARGEST_DATAGRAM: Final = 65507
LARGE: Final = 500_000  # octets; such a file is replayed for two kinds of lines only


def name(path: Path) -> str:
    return str(path.relative_to(REALDATA))


def ended_well(done: Done) -> None:
    """Exit 0, or 1 with a line on standard error for each problem, and JSON on standard output."""
    assert done.code in (0, 1), done.err
    assert "Traceback" not in done.err
    assert all(isinstance(line, dict) for line in done.lines)
    if done.code == 1:
        assert any(line.startswith("dns-sensor: ") for line in done.err.splitlines())


def of_seeds() -> list[Frame]:
    """Every seed to port 53, a good query and its answer before and after each."""
    frames = asked(START, "10.20.30.41", port=50000)
    for number, path in enumerate(SEEDS, 1):
        at = START + number * SECOND
        payload = path.read_bytes()[:LARGEST_DATAGRAM]
        sides = (("10.20.30.66", 40000 + number % 20000), (SERVER, 53))
        if len(payload) > 2 and payload[2] & 0x80:
            sides = sides[::-1]
        frames.append(datagram(at, *sides, payload))
        frames += asked(at + SECOND // 2, "10.20.30.41", port=50000 + number % 10000)
    return frames


@needs_realdata
@pytest.mark.parametrize("watch", [(), ANY], ids=["rule", "any"])
@pytest.mark.parametrize("kind", KINDS)
def test_malformed_messages_lose_themselves_only(
    tmp_path: Path, kind: str, watch: tuple[str, ...]
) -> None:
    """
    BIND's fuzzing seeds as payloads to and from port 53: none raises, and of the good messages
    around them none is lost.
    """
    packets, stats = tmp_path / "seeds.pcap", tmp_path / "stats.json"
    packets.write_bytes(capture(of_seeds()))

    done = run("replay", "--emit", kind, "--stats", stats, *watch, packets)

    assert (0, "") == (done.code, done.err)
    told = json.loads(stats.read_text())
    good = 2 * (len(SEEDS) + 1)
    assert good + len(SEEDS) == told["frames"]
    assert good <= told["dns_messages"] <= told["frames"]
    mine = [line for line in done.lines if "10.20.30.41" in (line.get("src"), line.get("dst"))]
    if kind == "messages":
        assert good == len([line for line in mine if not line["anomalies"]])
    if kind in ("lookups", "transactions"):
        held = [line for line in done.lines if line["client"]["ip"] == "10.20.30.41"]
        assert len(SEEDS) + 1 == len(held)
        assert {"answered"} == {line["outcome"] for line in held}
    if kind == "alerts":
        (alert,) = [line for line in done.lines if line["client"]["ip"] == "10.20.30.41"]
        assert len(SEEDS) + 1 == alert["dnssensor"]["alert"]["count"]


@needs_realdata
@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_file_replays_as_a_capture(tmp_path: Path, path: Path) -> None:
    """
    Each kind of line ends well over each file, capture or not, and the statistics agree.
    """
    kinds = KINDS if path.stat().st_size < LARGE else ("alerts", "messages")
    seen: list[dict[str, Any]] = []
    for kind in kinds:
        stats = tmp_path / f"{kind}.json"
        done = run("replay", "--emit", kind, "--stats", stats, path)
        ended_well(done)
        told = json.loads(stats.read_text())
        seen.append({key: told[key] for key in ("frames", "bytes", "dns_messages", "alerts")})
        if kind == "messages":
            on_port = [line for line in done.lines if 53 in (line["sport"], line["dport"])]
            assert told["dns_messages"] == len(on_port)
        assert {"read": 0, "duplicate": 0, "rejected": 0} == told["events"]

    assert [seen[0]] * len(kinds) == seen
    assert seen[0]["dns_messages"] <= seen[0]["frames"] <= seen[0]["bytes"] or not seen[0]["bytes"]


@needs_realdata
@pytest.mark.parametrize("path", FILES[::7], ids=name)
def test_every_name_watched(path: Path) -> None:
    """
    Alerts and lookups of every name in the captures end well too.
    """
    for kind in ("alerts", "lookups"):
        ended_well(run("replay", "--emit", kind, *ANY, path))


@needs_realdata
@pytest.mark.parametrize("kind", ["alerts", "lookups"])
def test_the_sieve_changes_nothing(tmp_path: Path, kind: str) -> None:
    """
    Over each capture, some of whose names are watched, the same octets come out without it, and
    the same counts.
    """
    watch = ("--watch", ".com", "--watch", ".org", "--watch", "version.bind", "--watch", ".arpa")
    printed = 0
    for path in FILES:
        arguments = ("replay", "--emit", kind, *watch, "--stats", tmp_path / "stats.json")
        sifted = run(*arguments, path)
        counts = json.loads((tmp_path / "stats.json").read_text())
        whole = run(*arguments, "--no-sieve", path)
        same = json.loads((tmp_path / "stats.json").read_text())

        assert (path, whole.code, whole.err) == (path, sifted.code, sifted.err)
        assert whole.out == sifted.out, path
        for key in ("frames", "bytes", "dns_messages", "alerts", "events", "exempt_lookups"):
            assert (path, key, same[key]) == (path, key, counts[key])
        printed += len(whole.lines)

    assert 1000 < printed


@needs_realdata
@pytest.mark.parametrize("path", LOGS, ids=name)
def test_every_file_replays_as_a_log(tmp_path: Path, path: Path) -> None:
    """
    Each file of events, and each that is none, is read as far as it can be.
    """
    for kind in ("alerts", "lookups"):
        stats = tmp_path / f"{kind}.json"
        done = run("replay", "--emit", kind, *ANY, "--stats", stats, "--events", path)
        ended_well(done)
        told = json.loads(stats.read_text())
        assert (0, 0) == (told["frames"], told["dns_messages"])
        assert told["events"]["duplicate"] <= told["events"]["read"]


# The captures that do hold DNS off port 53, as tshark agrees (tests/test_tshark.py), and how much.
OFF_PORT: Final = {
    "pcaps/the-tcpdump-group+tcpdump/tests/dns_udp_8053.pcap": 2,
    "pcaps/OISF+suricata-verify/tests/vxlan-decoder-01/input.pcap": 1,
}


@needs_realdata
def test_what_is_called_dns_off_its_port(tmp_path: Path, tally: Callable[[str], None]) -> None:
    """
    In all captures, of DNS and of other traffic, only what is DNS is taken for it off port 53.
    """
    stats = tmp_path / "stats.json"
    found: dict[str, int] = {}
    frames = 0
    for path in [*FILES, *files("pairs")]:
        done = run("replay", "--emit", "messages", "--stats", stats, path)
        frames += json.loads(stats.read_text())["frames"]
        taken = sum("nonstandard_port" in line["anomalies"] for line in done.lines)
        if taken:
            found[name(path)] = taken
    tally(
        f"any port: {sum(found.values())} of {frames} frames are taken for DNS off port 53, "
        f"{sum(found.values()) - sum(OFF_PORT.values())} of them wrongly"
    )

    assert OFF_PORT == found
