"""Process events: started (1), connected (3), ended (5), asked a name (22).

Field names follow Sysmon's manifest. Texts that stand for nothing (`-`, empty, an all-zero
ProcessGuid) are None here. `at` is the event's time: its record time, corrected by its host's
calibration. A host's clock error in `UtcTime` never reaches it.
"""

import msgspec

from sensor.stage import Nanoseconds


class ProcessEvent(msgspec.Struct, frozen=True, kw_only=True, tag=True, cache_hash=True):
    """What all four share. They are looked up by, so each computes its hash once.

    `computer` is the Computer as the event has it, lower case. `guid` is the ProcessGuid, lower
    case, with braces. `image` is the event's own, `<unknown process>` kept as it is.
    `addresses` are the host's own, in canonical text, from the shipper.
    """

    at: Nanoseconds
    computer: str
    channel: str
    record_id: int | None
    record_time: Nanoseconds
    utc_time: Nanoseconds | None
    guid: str | None
    pid: int | None
    image: str | None
    user: str | None = None
    addresses: tuple[str, ...] = ()


class Started(ProcessEvent, frozen=True, kw_only=True):
    """Event 1. `hashes` maps `md5`, `sha1`, `sha256`, `imphash` to lower-case hex."""

    original_file_name: str | None = None
    company: str | None = None
    product: str | None = None
    description: str | None = None
    file_version: str | None = None
    command_line: str | None = None
    hashes: tuple[tuple[str, str], ...] = ()
    parent_guid: str | None = None
    parent_pid: int | None = None
    parent_image: str | None = None
    parent_command_line: str | None = None


class Connected(ProcessEvent, frozen=True, kw_only=True):
    """Event 3. Addresses are canonical text; `transport` is `udp` or `tcp`."""

    transport: str
    initiated: bool
    source_ip: str
    source_port: int
    destination_ip: str
    destination_port: int


class Ended(ProcessEvent, frozen=True, kw_only=True):
    """Event 5."""


class Asked(ProcessEvent, frozen=True, kw_only=True):
    """Event 22.

    `query_name` is what the program asked, lower case, without trailing dot, escaped as our own
    names are; `rooted` says that it had the dot. `query_status` is a Win32 error code.
    `query_results` is the text as logged; `results` are the addresses in it (an IPv4-mapped
    address as IPv4) and `names` the names it lists behind `type: N`.
    """

    query_name: str
    rooted: bool
    query_status: int | None
    query_results: str | None
    results: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
