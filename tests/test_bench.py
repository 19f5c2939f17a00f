"""What bench/ measures on is what it says, and its programs run."""

import json
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

import dpkt
import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from bench import names, speed, startup, threads, traffic
from bench.draw import Draw
from bench.loops import with_dpkt
from bench.peers import DPKT, KERNEL, OURS, PEERS, REPLAY, Runner
from bench.speed import Measured, Run
from sensor import alerts, pipeline
from sensor.anomalies import Anomaly
from sensor.attribution import attribute
from sensor.capture.files import Captures
from sensor.config import load
from sensor.dns.message import Message
from sensor.stage import END
from sensor.watch import Watch
from tests.replays import run

ROOT: Final = Path(__file__).resolve().parents[1]
COUNT: Final = 20_000
SEED: Final = 7
TRIED: Final = (KERNEL, REPLAY, DPKT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both kinds of capture, generated once."""
    folder = tmp_path_factory.mktemp("bench")
    for kind in traffic.MAKERS:
        traffic.generate(kind, COUNT, SEED, folder / f"{kind}.pcap")
    return folder


def river(capture: Path) -> tuple[pipeline.Pipeline, list[Message]]:
    """Send a capture down the river, and keep its messages."""
    settings = pipeline.Settings(
        rules=load().rules,
        attribution=attribute.Settings(feed=False),
        alerts=alerts.Settings(),
        taps=frozenset({"messages"}),
    )
    made = pipeline.Pipeline(settings)
    values = list(made(Captures([str(capture)]), END))
    return made, [value for value in values if isinstance(value, Message)]


@cache
def kinds_of(count: int) -> dict[str, int]:
    """Draw mixed traffic, and count the packets of each kind."""
    draw = Draw(SEED)
    drawn: Counter[str] = Counter()
    lookups = names.Names(draw, count)
    for kind, make in traffic.KINDS.items():
        drawn[kind] = len(make(draw, lookups, round(count * traffic.REST[kind]), 1e6).at)
    return dict(drawn)


@pytest.mark.parametrize("kind", traffic.MAKERS)
def test_a_capture_holds_as_many_packets_as_asked_for_in_the_order_of_time(
    folder: Path, kind: str
) -> None:
    """
    Every packet is there, and no time goes back.
    """
    times = [frame.at for frame in Captures([str(folder / f"{kind}.pcap")])]

    assert (COUNT, sorted(times)) == (len(times), times)


@pytest.mark.parametrize("kind", traffic.MAKERS)
def test_the_seed_alone_decides(folder: Path, tmp_path: Path, kind: str) -> None:
    """
    The same seed gives the same file, another seed another.
    """
    traffic.generate(kind, COUNT, SEED, tmp_path / "again")
    traffic.generate(kind, COUNT, SEED + 1, tmp_path / "other")

    first = (folder / f"{kind}.pcap").read_bytes()
    assert first == (tmp_path / "again").read_bytes()
    assert first != (tmp_path / "other").read_bytes()


def test_dns_alone_is_whole_messages_half_of_them_queries(folder: Path) -> None:
    """
    All packets are DNS that reads without an anomaly, and every query has its response.
    """
    made, messages = river(folder / "dns.pcap")

    assert COUNT == made.counters.dns_messages == len(messages)
    assert Counter() == made.counters.anomalies
    assert {False: COUNT // 2, True: COUNT // 2} == Counter(each.dns.qr for each in messages)


def test_one_message_in_a_thousand_is_watched(folder: Path) -> None:
    """
    0.1 % of the messages concern the watched name, and alerts come of them.
    """
    watch = Watch([("rule", names.WATCHED)])
    made, messages = river(folder / "dns.pcap")

    assert COUNT // 1000 == sum(watch.concerns(each.dns) for each in messages)
    assert made.counters.alerts > 0


def test_at_most_one_record_in_a_hundred_is_new(folder: Path) -> None:
    """
    The answers of a name repeat.
    """
    _, messages = river(folder / "dns.pcap")
    records = [
        (record.name, record.type, record.rdata)
        for each in messages
        for record in (*each.dns.answers, *each.dns.authorities)
    ]

    assert len(set(records)) <= len(records) / 100


def test_names_follow_zipf(folder: Path) -> None:
    """
    The most popular name is asked for twice as often as the second, and ten times the tenth.
    """
    draw = Draw(SEED)
    popular = Counter(names.Names(draw, 10_000).popular(200_000).tolist())

    assert popular[0] / popular[1] == pytest.approx(2, rel=0.1)
    assert popular[0] / popular[9] == pytest.approx(10, rel=0.1)


def test_responses_bear_edns_and_chains(folder: Path) -> None:
    """
    There are messages with EDNS and without, and chains of CNAMEs of every length.
    """
    _, messages = river(folder / "dns.pcap")
    lengths = {sum(r.type == "CNAME" for r in each.dns.answers) for each in messages}

    assert {True, False} == {each.dns.edns is not None for each in messages}
    assert {0, 1, 2, 3} == lengths


def test_mixed_traffic_has_the_shares_that_the_tables_say() -> None:
    """
    By packet, and a tenth of all is DNS over UDP.
    """
    assert {kind: round(COUNT * share) for kind, share in traffic.REST.items()} == kinds_of(COUNT)


def test_what_is_on_the_wire_of_mixed_traffic(folder: Path) -> None:
    """
    Counted in the file itself: DNS, fragments, TCP on both ports, tunnels.
    """
    seen: Counter[str] = Counter()
    with (folder / "mixed.pcap").open("rb") as file:
        for _, octets in dpkt.pcap.Reader(file):
            seen[_kind(octets)] += 1

    rest = COUNT * 0.9
    wanted = {
        "dns": COUNT * 0.1,
        "https": rest * 0.6,
        "datagram": rest * 0.25,
        "tunnel": rest * 0.03,
        "fragment": rest * 0.005,
        "tcp/53": rest * 0.005,
        "other": rest * 0.11,
    }
    assert {kind: pytest.approx(n, abs=2) for kind, n in wanted.items()} == seen


def _kind(octets: bytes) -> str:
    """Say by its headers what a frame of the mixed capture is."""
    ether = dpkt.ethernet.Ethernet(octets)
    packet = ether.data
    is_fragment = isinstance(packet, dpkt.ip.IP) and (packet.mf or packet.offset)
    inner = getattr(packet, "data", b"")
    if hasattr(ether, "vlan_tags") or isinstance(inner, dpkt.gre.GRE):
        return "tunnel"
    if is_fragment:
        return "fragment"
    ports = {getattr(inner, "sport", 0), getattr(inner, "dport", 0)}
    if isinstance(inner, dpkt.tcp.TCP):
        return "tcp/53" if 53 in ports else "https"
    if isinstance(inner, dpkt.udp.UDP):
        if 53 in ports:
            return "dns"
        return "tunnel" if inner.dport == 4789 else "datagram"
    return "other"


@pytest.mark.parametrize("kind", traffic.MAKERS)
def test_packets_are_valid(folder: Path, kind: str) -> None:
    """
    scapy, which fills in lengths and checksums afresh, makes the same octets of each.
    """
    frames = [frame.data for frame in Captures([str(folder / f"{kind}.pcap")])][:: COUNT // 400]
    wrong = [octets.hex() for octets in frames if octets != _rebuilt(octets)]

    assert len(frames) >= 400
    assert [] == wrong


def _rebuilt(octets: bytes) -> bytes:
    """Let scapy fill in all that follows from the rest, but the checksums it cannot know."""
    packet = Ether(octets)
    layer = packet
    while layer:
        is_piece = isinstance(layer.underlayer, IP) and (
            layer.underlayer.frag or "MF" in str(layer.underlayer.flags)
        )
        bare = isinstance(layer, UDP) and layer.chksum == 0  # VXLAN's
        for field in ("chksum", "cksum"):
            if field in layer.fields and not is_piece and not bare:
                delattr(layer, field)
        if layer.name in {"IP", "UDP"} and not is_piece:
            del layer.len
        layer = layer.payload
    return bytes(packet)


def test_both_pieces_of_a_datagram_make_one_again(folder: Path) -> None:
    """
    The river puts the fragments together: none is left over, and some carry DNS.
    """
    made, messages = river(folder / "mixed.pcap")
    from_pieces = [each for each in messages if Anomaly.FRAGMENT in each.anomalies]

    assert Counter() == made.counters.evicted
    assert made.counters.anomalies[Anomaly.FRAGMENTS_INCOMPLETE] == 0
    assert from_pieces


def test_conversations_over_tcp_are_cut_into_their_messages(folder: Path) -> None:
    """
    Of ten segments two carry a message each, and no stream is damaged.
    """
    made, messages = river(folder / "mixed.pcap")
    over_tcp = sum(each.transport == "tcp" for each in messages)

    assert over_tcp == pytest.approx(COUNT * 0.9 * 0.005 / 5, abs=2)
    assert made.counters.anomalies[Anomaly.STREAM_MIDWAY] == 0


def test_the_dpkt_loop_finds_what_it_looks_for(folder: Path) -> None:
    """
    The peer that we are compared with reads the messages and most of the watched.
    """
    messages, found = with_dpkt(str(folder / "dns.pcap"))

    assert messages > 0.8 * COUNT
    assert 0 < found <= COUNT // 1000


def test_speed_is_the_slope_and_start_up_what_is_left() -> None:
    """
    Two seconds at a million and six at five are a million packets a second, started in one.
    """
    runner = Runner("any", lambda file, _: [file], "", len)
    runs = tuple([Run(cpu, cpu, 0, 0, {}, 0)] for cpu in (2.0, 6.0))
    measured = Measured(runner, (1_000_000, 5_000_000), (runs[0], runs[1]))

    assert [1e6, 1.0] == pytest.approx([measured.speed, measured.start])


def test_a_run_is_measured_in_the_process_itself(tmp_path: Path) -> None:
    """
    CPU time and peak memory are those of the child, and its output is read.
    """
    runner = Runner("any", lambda file, _: [file], "", int)
    code = "x = bytearray(1 << 26)\nfor i in range(2_000_000): pass\nprint(len(x))"
    run = speed.measure([sys.executable, "-c", code], runner, tmp_path / "s", tmp_path / "o")

    assert 1 << 26 == run.found
    assert run.peak > 1 << 26
    assert run.cpu > 0


def test_a_runner_that_fails_ends_the_bench(tmp_path: Path) -> None:
    """
    A peer that could not read the capture is no fast peer.
    """
    runner = Runner("any", lambda file, _: [file], "", len)

    with pytest.raises(SystemExit, match="exit 3"):
        speed.measure(
            [sys.executable, "-c", "raise SystemExit(3)"], runner, tmp_path / "s", tmp_path / "o"
        )


@pytest.mark.parametrize("watched", [1, 100_000])
def test_the_kernel_alone_finds_the_watched_messages(folder: Path, watched: int) -> None:
    """
    It walks every frame, drops all other messages, and 99,999 more names change nothing.
    """
    command = [sys.executable, "bench/kernel.py", "--names", str(watched)]
    done = subprocess.run(
        [*command, str(folder / "dns.pcap")], cwd=ROOT, capture_output=True, text=True, check=True
    )

    wanted = {"dropped_dns": COUNT - COUNT // 1000, "watched": COUNT // 1000}
    assert {"frames": COUNT, "sieve": wanted} == json.loads(done.stdout)


def test_all_run_in_turn_on_the_same_captures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Each runner takes both captures in each round, and the table has a line for each.
    """
    monkeypatch.setattr(speed, "CAPTURES", tmp_path)
    runners = [each._replace(sizes=(2000, 4000)) for each in (*OURS, *PEERS) if each.name in TRIED]
    measured = speed.compare("dns", runners, rounds=2, less=1)
    by_name = {each.runner.name: each for each in measured}

    assert list(TRIED) == list(by_name)
    assert all([2, 2] == [len(runs) for runs in each.runs] for each in measured)
    assert all(each.last.found > 0 for each in measured)
    assert 2 + len(TRIED) == len(list(speed.table(measured)))
    assert "4 pass: watched 4." in " ".join(speed.survivors(by_name))


def test_start_up_is_measured_on_ten_packets() -> None:
    """
    Each start with compiled code is run and has a line; the capture has a lookup in it.
    """
    starts = [start for start in startup.STARTS if not start.is_cold]
    measured = startup.measure(2, starts)

    assert 10 == len(list(Captures([str(startup.CAPTURE)])))
    assert 1 == len(run("replay", startup.CAPTURE).lines)
    assert [2] * len(starts) == [len(runs) for runs in measured.values()]
    assert 2 + len(starts) == len(startup.table(measured))


def test_soak_runs() -> None:
    """
    Each kind goes through the river; so few frames reach no bound, which is what exit 1 says.
    """
    command = [sys.executable, "bench/soak.py", "--count", "2000", "--watched", "200"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (1, "") == (done.returncode, done.stderr)
    from bench.soak import KINDS

    assert list(KINDS) == [line[:28].strip() for line in done.stdout.splitlines()[1:]]


def test_one_thread_and_two_are_timed_on_the_same_capture(folder: Path) -> None:
    """
    Both runs take time, and the table has a line for what was run, with the ratio.
    """
    path = folder / "dns.pcap"
    rounds = {
        work.__name__: [(threads.timed(work, path, 1), threads.timed(work, path, 2))]
        for work in (threads.sifted, threads.replayed)
    }

    assert all(run.wall > 0 for [pair] in rounds.values() for run in pair)
    told = [line.split(" ")[1] for line in threads.table(rounds) if line.startswith("| ")]
    assert ["sifted", "replayed"] == told[1:]
