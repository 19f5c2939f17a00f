"""A file name alone is no proof."""

import msgspec
import pytest

from sensor.endpoint.processes import UNKNOWN, Process
from sensor.rules import genuine
from sensor.rules.rule import Exempt, Genuine, Rule
from tests.attribution.wishes import GENUINE, HOST, RULE

BARE = msgspec.structs.replace(RULE, genuine=Genuine())


def process(
    original: str | None = None, company: str | None = None, image: str | None = GENUINE
) -> Process:
    return Process(HOST, image=image, original_file_name=original, company=company)


@pytest.mark.parametrize(
    ("image", "exempt"),
    [
        (GENUINE, True),
        (r"C:\x\TELEGRAM.EXE", True),
        ("telegram.exe", True),
        ("C:/x/telegram.exe", True),
        (r"C:\telegram.exe\bot.exe", False),
        (r"C:\x\telegram.exe.exe", False),
        (r"C:\x\mytelegram.exe", False),
        (UNKNOWN, False),
        ("", False),
        (None, False),
    ],
)
def test_a_process_is_exempt_by_its_base_name(image: str | None, exempt: bool) -> None:
    """
    Without case, and only the last part of the path counts.
    """
    assert exempt == genuine.is_exempt_by_name(RULE, image)


def test_any_of_a_rules_exempt_names_counts() -> None:
    """
    A rule may exempt several programs.
    """
    rule = Rule(id="r", names=("x",), exempt=(Exempt(process_name="a.exe"), RULE.exempt[0]))

    assert genuine.is_exempt_by_name(rule, GENUINE)


@pytest.mark.parametrize(
    ("rule", "seen", "contradicts"),
    [
        (RULE, process(), None),
        (RULE, process("Telegram.exe"), None),
        (RULE, process(None, "TELEGRAM FZ-LLC"), None),
        (RULE, process("PowerShell.EXE"), "original_file_name"),
        (RULE, process(None, "Microsoft Corporation"), "company"),
        (RULE, process("Telegram.exe", "Microsoft Corporation"), "company"),
        (BARE, process("Telegram.exe", "Anybody"), None),
        (BARE, process("PowerShell.EXE"), "original_file_name"),
        (RULE, process(image=r"C:\Windows\Temp\telegram.exe"), "path"),
        (RULE, process(image=None), None),
    ],
)
def test_what_is_known_may_contradict_the_name(
    rule: Rule, seen: Process, contradicts: str | None
) -> None:
    """
    OriginalFileName, company and path, without case; what nobody said contradicts nothing. A rule
    that lists no original names takes its exempt names for them.
    """
    assert contradicts == genuine.contradiction(rule, seen)


@pytest.mark.parametrize(
    ("image", "unusual"),
    [
        (r"C:\Users\ann\AppData\Local\Temp\telegram.exe", True),
        (r"c:\users\ann\downloads\telegram.exe", True),
        (r"C:\ProgramData\telegram.exe", True),
        (r"C:\Users\Public\telegram.exe", True),
        (r"\\?\C:\Users\Public\Music\telegram.exe", True),
        (r"C:\$Recycle.Bin\S-1-5-21-1\telegram.exe", True),
        (r"C:\RECYCLER\telegram.exe", True),
        (GENUINE, False),
        (r"C:\Program Files\Public\telegram.exe", False),
        (r"C:\Templates\telegram.exe", False),
        (r"C:\Program Files\temp.exe", False),
        ("telegram.exe", False),
        (None, False),
    ],
)
def test_where_no_installer_puts_a_program(image: str | None, unusual: bool) -> None:
    r"""
    Folders anybody may write to, by their whole name; `public` under `users` only.
    """
    assert unusual == genuine.is_unusual_path(image)


@pytest.mark.parametrize(
    ("rule", "seen", "confirmed"),
    [
        (RULE, process(), False),
        (RULE, process(None, "Telegram FZ-LLC"), True),
        (RULE, process("telegram.exe"), True),
        (RULE, process("telegram.exe", "Somebody Else"), False),
        (RULE, process(None, "Telegram FZ-LLC", r"C:\Users\Public\telegram.exe"), False),
        (BARE, process(None, "Telegram FZ-LLC"), False),
        (BARE, process("telegram.exe"), True),
    ],
)
def test_event_1_confirms_a_name(rule: Rule, seen: Process, confirmed: bool) -> None:
    """
    One field that the rule lists is enough, and nothing may contradict: Telegram Desktop states a
    company and no OriginalFileName.
    """
    assert confirmed == genuine.is_confirmed(rule, seen)
