"""Why a finding weighs what it weighs."""

import msgspec
import pytest

from sensor.attribution.values import FollowOn, Status
from sensor.endpoint.processes import Process
from sensor.rules import risk
from sensor.rules.risk import Circumstances
from sensor.rules.rule import Risk
from tests.attribution.wishes import GENUINE, HOST, IP, RULE


def process(image: str = GENUINE, parent: str | None = None) -> Process:
    return Process(HOST, image=image, parent_image=parent)


@pytest.mark.parametrize(
    ("of", "code", "points"),
    [
        (Circumstances(Status.ATTRIBUTED, process(), masquerade=True), "masquerade", 30),
        (Circumstances(Status.COVERED_BUT_SILENT), "covered_but_silent", 20),
        (Circumstances(Status.ATTRIBUTED, process(r"C:\W\PowerShell.EXE")), "script_host", 15),
        (
            Circumstances(Status.ATTRIBUTED, process(parent=r"C:\O\WINWORD.EXE")),
            "office_parent",
            14,
        ),
        (Circumstances(Status.ATTRIBUTED, process(r"C:\Temp\a.exe")), "unusual_path", 10),
        (
            Circumstances(Status.ATTRIBUTED, process(), follow_on=FollowOn(IP, 443, 0)),
            "follow_on_connection",
            8,
        ),
    ],
)
def test_each_reason_adds_its_points(of: Circumstances, code: str, points: int) -> None:
    """
    Beside the 36 of every finding, as the rule has them.
    """
    assert (("base", 36), (code, points)) == risk.reasons(RULE, of)


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.COVERED_BUT_SILENT])
def test_only_silence_raises_the_score(status: Status) -> None:
    """
    No other status adds anything: a feed that is behind or missing is nobody's fault.
    """
    assert (("base", 36),) == risk.reasons(RULE, Circumstances(status))


def test_a_reason_without_points_is_not_told() -> None:
    """
    A rule that gives 0 points to a reason does not want to hear of it.
    """
    rule = msgspec.structs.replace(RULE, risk=Risk(base=0, covered_but_silent=5))

    assert (("covered_but_silent", 5),) == risk.reasons(
        rule, Circumstances(Status.COVERED_BUT_SILENT)
    )


def test_the_score_is_the_sum_and_100_at_most() -> None:
    """
    It is added up from what is itemised.
    """
    assert 51 == risk.score((("base", 36), ("script_host", 15)))
    assert 100 == risk.score((("base", 60), ("masquerade", 60)))
    assert 0 == risk.score(())


def test_several_findings_reasons_are_one_list() -> None:
    """
    Each code once, in the order in which a single finding tells them.
    """
    silent = ("covered_but_silent", 20)

    assert (("base", 36), silent, ("script_host", 15)) == risk.join(
        [("script_host", 15), ("base", 36), silent, ("base", 36)]
    )


def test_every_reason_has_points_in_a_rule() -> None:
    """
    The codes are the fields of a rule's `risk`.
    """
    assert set(Risk.__struct_fields__) == set(risk.REASONS)
