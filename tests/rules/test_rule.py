"""Rules: the shipped one, the defaults, and what names and risks may be."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.config import load
from sensor.document import Document
from sensor.rules import attack
from sensor.rules.rule import Exempt, Genuine, Risk, Rule, watched


def read(text: str) -> tuple[Rule | None, tuple[str, ...]]:
    document = Document("rule.yaml")
    rule = document.read(text.encode(), Rule)
    return rule, document.problems


def test_the_shipped_rule_is_the_telegram_bot_api() -> None:
    """
    It watches the bot API's name and exempts the genuine client, with the detection's score.
    """
    (rule,) = load().rules

    assert ("telegram-bot-api", "1") == (rule.id, rule.version)
    assert ("api.telegram.org",) == rule.names
    assert (Exempt("telegram.exe"),) == rule.exempt
    assert Genuine(("telegram.exe",), ("Telegram FZ-LLC",)) == rule.genuine
    assert ("T1102.002", "T1071.004") == rule.attack
    assert rule.references[0] == "https://attack.mitre.org/techniques/T1102/002/"
    assert Risk() == rule.risk
    assert not rule.strict


def test_a_rule_needs_an_id_and_names_only() -> None:
    """
    All other keys have defaults; the title is the id.
    """
    rule, problems = read("{id: a-b, names: [x.example]}")

    assert () == problems
    assert Rule(id="a-b", names=("x.example",)) == rule
    assert rule is not None
    assert ("a-b", "1", "", ()) == (rule.title, rule.version, rule.why, rule.exempt)


def test_both_are_missed_when_missing() -> None:
    """
    An empty rule is told what it needs.
    """
    rule, problems = read("")

    assert rule is None
    assert (
        'rule.yaml:1: missing key "id"; it has no default',
        'rule.yaml:1: missing key "names"; it has no default',
    ) == problems


def test_a_version_may_be_a_whole_number() -> None:
    """
    `version: 2` is text afterwards; a fraction would lose its zeros and is refused.
    """
    rule, _ = read("{id: a, names: [x], version: 2}")
    _, problems = read("{id: a, names: [x], version: 1.10}")

    assert rule is not None
    assert rule.version == "2"
    assert ("rule.yaml:1: version: expected text, got 1.1; put it in quotes",) == problems


def test_exempt_programs_compare_without_case() -> None:
    """
    A program's file name is kept in lower case.
    """
    rule, _ = read("{id: a, names: [x], exempt: [{process.name: Telegram.EXE}]}")

    assert rule is not None
    assert ("telegram.exe",) == tuple(exempt.process_name for exempt in rule.exempt)


def test_a_partial_risk_changes_only_what_it_names() -> None:
    """
    Reasons that a rule does not mention keep their points.
    """
    rule, _ = read("{id: a, names: [x], risk: {base: 50, script_host: 0}}")

    assert rule is not None
    assert Risk(base=50, script_host=0) == rule.risk
    assert {code: rule.risk[code] for code in Risk.__struct_fields__} == msgspec.to_builtins(
        rule.risk
    )


def test_a_risk_has_no_points_for_an_unknown_reason() -> None:
    """
    A code that is no reason is a KeyError, not an attribute of the class.
    """
    with pytest.raises(KeyError):
        Risk()["__class__"]


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("risk: {masqerade: 3}", 'risk.masqerade: unknown key; did you mean "masquerade"?'),
        ("risk: {base: 101}", "risk.base: expected a whole number <= 100, got 101"),
        ("risk: {base: yes}", "risk.base: expected a whole number, got true"),
        ("names: []", "names: expected at least one item, got an empty list"),
        ("names: x", 'names: expected a list, got "x"; write [x]'),
        ("names: null", "names: expected a list, got nothing"),
        ("names: [null]", "names[0]: expected text, got nothing"),
        (
            "attack: [T12]",
            'attack[0]: expected an ATT&CK id such as T1102 or T1102.002, got "T12"',
        ),
        (
            "references: [x]",
            'references[0]: expected an address such as https://example.org/, got "x"',
        ),
        ("exempt: [x.exe]", 'exempt[0]: expected keys and values, got "x.exe"'),
        (
            "exempt: [{process.name: 'C:\\x.exe'}]",
            "exempt[0].process.name: expected a file name without its path, such as telegram.exe, "
            'got "C:\\x.exe"',
        ),
        ("strict: 1", "strict: expected true or false, got 1"),
        (
            "frobnicate: x",
            "frobnicate: unknown key; the keys here are: id, names, version, title, why, "
            "exempt, genuine, references, attack, risk, strict",
        ),
    ],
)
def test_what_is_wrong_with_a_rule_is_told(key: str, problem: str) -> None:
    """
    Each mistake is told with its key, and with what would be right.
    """
    names = "" if key.startswith("names") else "names: [x]\n"

    rule, problems = read(f"id: a\n{names}{key}\n")

    assert rule is None
    assert (f"rule.yaml:{3 if names else 2}: {problem}",) == problems


@pytest.mark.parametrize("slug", ["A", "a b", "a_b", "-a", "a-", "a--b", "a" * 65, "../x"])
def test_an_id_is_a_slug(slug: str) -> None:
    """
    An id names files, tags and metrics: lower-case letters, digits, single hyphens.
    """
    rule, problems = read(f"{{id: '{slug}', names: [x]}}")

    assert rule is None
    assert problems[0].startswith("rule.yaml:1: id: expected lower-case letters, digits")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("api.telegram.org", "api.telegram.org"),
        ("aPi.TELEgram.ORg.", "api.telegram.org"),
        (".Example.ORG", ".example.org"),
        ("*", "*"),
        ("_dmarc.example", "_dmarc.example"),
        (r"api\.telegram\.org", r"api\.telegram\.org"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_watched_name_becomes_canonical(written: str, expected: str) -> None:
    """
    Exact names, everything below a name, and every name.
    """
    assert expected == watched(written)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("bücher.example", 'write it as "xn--bcher-kva.example"'),
        ("*.example.org", 'did you mean ".example.org"'),
        ("https://api.telegram.org/", "expected a name such as api.telegram.org"),
        ("a b", "expected a name such as api.telegram.org"),
        (".", "for every name write"),
        ("a..b", "expected a DNS name"),
        ("..a", "expected a DNS name"),
        ("a" * 64, "expected a DNS name"),
        ("a." * 128, "expected a DNS name"),
        ("", "expected one line of text"),
        (5, "put it in quotes"),
    ],
)
def test_what_cannot_be_a_name_is_told(written: object, what: str) -> None:
    """
    What no DNS message can hold is refused, with the remedy where there is one.
    """
    with pytest.raises(ValueError, match=what):
        watched(written)


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_a_watched_name_is_its_own_fixed_point(written: str) -> None:
    """
    Whatever text is a name stays the same when read again, and nothing else than ValueError comes.
    """
    try:
        name = watched(written)
    except ValueError:
        return
    assert name == watched(name)


def test_every_subtechnique_has_its_technique() -> None:
    """
    ECS lists sub-techniques beside their techniques, both by name.
    """
    parents = {attack.parent(technique) for technique in attack.TECHNIQUES} - {None}

    assert parents <= attack.TECHNIQUES.keys()
    assert attack.parent("T1102.002") == "T1102"
    assert attack.parent("T1102") is None


def test_the_shipped_rules_techniques_have_names() -> None:
    """
    The names ECS wants are those of MITRE.
    """
    (rule,) = load().rules

    assert ["Bidirectional Communication", "DNS"] == [attack.TECHNIQUES[t] for t in rule.attack]
