"""An alert in one sentence that a person can act on."""

from collections.abc import Callable, Mapping
from typing import Final

from sensor.alerts import Alert
from sensor.attribution.values import Status
from sensor.rules.verdict import Verdict
from sensor.stage import MILLISECOND

# What is held against naming a process, by status; `{host}` is filled in.
WHY: Final[Mapping[Status, str]] = {
    Status.NO_FEED: "no endpoint feed to say which process",
    Status.HOST_UNKNOWN: "whose address that is, is not known",
    Status.RESOLVER_VANTAGE: "a resolver or forwarder, so the asker stands behind it",
    Status.HOST_NOT_COVERED: "{host} sends no event 22",
    Status.FEED_BEHIND: "events of {host} are not here yet",
    Status.FEED_STALE: "events of {host} stopped coming",
    Status.COVERED_BUT_SILENT: (
        "{host} logged no such lookup: a resolver of its own, or a blinded agent"
    ),
    Status.AMBIGUOUS: "more than one may have asked",
}


def sentence(alert: Alert) -> str:
    """Say who resolved what, as far as it is known."""
    best = alert.best
    text = _NAMED.get(best.status, _unattributed)(best) if best.process else _unattributed(best)
    if alert.state == "masquerade" and best.process is not None:
        text += "; it only bears the name of an exempt program"
    if alert.state == "retracted":
        text = f"Withdrawn: {text}"
    if alert.count > 1:
        text += f" ({alert.count} lookups)"
    return text


def _attributed(best: Verdict) -> str:
    text = f"{_process(best)} on {best.computer} {_asked(best)}"
    if best.follow_on is not None:
        delay = best.follow_on.delay // MILLISECOND
        text += " and connected to it" + (f" {delay} ms later" if delay > 0 else "")
    others = len(best.candidates) - 1
    if others > 0:
        text += f", or one of {others} other" + ("s that fit" if others > 1 else " that fits")
    return text


def _endpoint_only(best: Verdict) -> str:
    text = f"{_process(best)} on {best.computer} {_asked(best)}"
    if best.follow_on is not None:
        text += " and connected to it"
    return f"{text}; no packet shows it: cached, encrypted, or off this tap"


def _unattributed(best: Verdict) -> str:
    who = best.computer or (best.lookup.client_ip if best.lookup else "somebody")
    if best.computer and best.lookup:
        who = f"{best.computer} ({best.lookup.client_ip})"
    why = WHY.get(best.status)
    text = f"{who} {_asked(best)}"
    return text if why is None else f"{text}; {why.format(host=best.computer or who)}"


_NAMED: Final[Mapping[Status, Callable[[Verdict], str]]] = {
    Status.ATTRIBUTED: _attributed,
    Status.ENDPOINT_ONLY: _endpoint_only,
}


def _process(best: Verdict) -> str:
    process = best.process
    name = (process and process.name) or "an unnamed process"
    facts = [f"pid {process.pid}"] if process and process.pid is not None else []
    facts += [process.user] if process and process.user else []
    return f"{name} ({', '.join(facts)})" if facts else name


def _asked(best: Verdict) -> str:
    lookup, name = best.lookup, best.match.indicator
    if lookup is None:
        results = best.event.results if best.event else ()
        name = best.event.query_name if best.event else name
        return f"resolved {name} to {results[0]}" if results else f"asked for {name}"
    addresses = lookup.resolved
    name = lookup.qname
    through = f" (which leads to {best.match.indicator})" if best.match.role != "qname" else ""
    if addresses:
        return f"resolved {name}{through} to {addresses[0]}"
    if lookup.rcode not in (None, "NOERROR"):
        return f"asked for {name}{through} and got {lookup.rcode}"
    if lookup.outcome == "unanswered":
        return f"asked for {name}{through}, unanswered"
    return f"asked for {name}{through}"
