"""The README shows what `make demo` prints."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
DEMO: Final = ROOT / "pcaps" / "attribution" / "plain-bot"


@pytest.fixture(scope="module")
def alert() -> Any:
    demo = [sys.executable, "-m", "sensor", "replay", "--events", "events.jsonl", "case.pcap"]
    env = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(demo, cwd=DEMO, env=env, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text()


def test_the_sentence_shown_is_the_demos(readme: str, alert: Any) -> None:
    """
    The sentence that the README begins with is the demo's own.
    """
    shown = readme.split("```")[1]

    assert shown.strip().endswith(f"{alert['event']['risk_score']} {alert['message']}")


def test_the_alert_shown_is_a_part_of_the_demos(readme: str, alert: Any) -> None:
    """
    Every field of the alert in the README has the value that the demo prints.
    """
    shown = json.loads(readme.split("```json")[1].split("```", maxsplit=1)[0])

    assert shown
    assert shown == _part(alert, shown)


def test_every_local_link_leads_somewhere(readme: str) -> None:
    """
    What the README refers to is there.
    """
    links = [part.split(")")[0] for part in readme.split("](")[1:]]

    assert links
    assert [] == [link for link in links if not (ROOT / link).exists()]


def _part(whole: Any, of: Any) -> Any:
    if not isinstance(of, dict):
        return whole
    return {key: _part(whole[key], value) for key, value in of.items()}
