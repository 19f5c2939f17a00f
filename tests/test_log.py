"""The operational log: an event name and facts."""

import io
import json

from sensor.log import Log


def test_a_line_is_an_event_and_its_facts_as_json() -> None:
    """
    Off a terminal each line is one JSON object with the event's name, level, time and facts.
    """
    stream = io.StringIO()

    Log(stream=stream).warning("ring.dropped", frames=1841)

    line = json.loads(stream.getvalue())
    assert {"event": "ring.dropped", "level": "warning", "frames": 1841} == {
        key: line[key] for key in ("event", "level", "frames")
    }
    assert line["timestamp"].endswith("Z")


def test_less_grave_lines_are_left_out() -> None:
    """
    A log of level `error` has no warnings.
    """
    stream = io.StringIO()

    Log("error", stream).warning("ring.dropped", frames=1)

    assert "" == stream.getvalue()


def test_a_terminal_gets_no_json() -> None:
    """
    On a terminal a line is for reading.
    """

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()

    Log(stream=stream).warning("ring.dropped", frames=1841)

    assert "ring.dropped" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
