"""What is known of each process: from event 1 above all, else from whatever event names it.

A process is its ProcessGuid on its computer; without one, (computer, pid, image).
"""

from typing import Final, TypeAlias

import msgspec

from sensor.endpoint.events import ProcessEvent, Started
from sensor.stage import Nanoseconds

UNKNOWN: Final = "<unknown process>"

# About 1.5 KB each. Past it the process first met leaves: what it asks later is still
# attributed to it, without its command line and parent.
MOST: Final = 100_000

ProcessKey: TypeAlias = tuple[str, str, int, str]


class Process(msgspec.Struct, frozen=True):
    """One process of one computer; None is what nobody said. Sysmon's own values throughout.

    `image` is the path; where an event saw only `<unknown process>`, event 1's.
    """

    computer: str
    guid: str | None = None
    pid: int | None = None
    image: str | None = None
    user: str | None = None
    started: Nanoseconds | None = None
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

    @property
    def key(self) -> ProcessKey:
        return _key(self.computer, self.guid, self.pid, self.image)

    @property
    def name(self) -> str | None:
        """The image's base name, as the event spells it."""
        return base_name(self.image)


def base_name(image: str | None) -> str | None:
    """Cut a Windows (or POSIX) path to its last part."""
    if image is None:
        return None
    return image.replace("/", "\\").rsplit("\\", 1)[-1]


def is_named(image: str | None) -> bool:
    """Say whether an image names a program at all."""
    return image is not None and image != UNKNOWN


def process_key(event: ProcessEvent) -> ProcessKey:
    """Tell which process an event is of."""
    return _key(event.computer, event.guid, event.pid, event.image)


def _key(computer: str, guid: str | None, pid: int | None, image: str | None) -> ProcessKey:
    if guid is not None:
        return computer, guid, 0, ""
    return computer, "", -1 if pid is None else pid, (image or "").lower()


class Processes:
    """The processes met so far."""

    def __init__(self) -> None:
        self._started: dict[ProcessKey, Started] = {}
        self.evicted = 0

    def learn(self, event: Started) -> bool:
        """Take an event 1, in the place of an earlier one; say whether it tells anything new."""
        key = process_key(event)
        if self._started.get(key) == event:
            return False
        self._started.pop(key, None)
        if len(self._started) >= MOST:
            del self._started[next(iter(self._started))]
            self.evicted += 1
        self._started[key] = event
        return True

    def describe(self, event: ProcessEvent) -> Process:
        """Join what this event says of its process with what event 1 said."""
        start = self._started.get(process_key(event))
        image = event.image
        if start is None:
            return Process(
                event.computer,
                event.guid,
                event.pid,
                image if is_named(image) else None,
                event.user,
            )
        return Process(
            computer=event.computer,
            guid=event.guid,
            pid=event.pid if event.pid is not None else start.pid,
            image=image if is_named(image) else start.image,
            user=event.user or start.user,
            started=start.utc_time if start.utc_time is not None else start.at,
            original_file_name=start.original_file_name,
            company=start.company,
            product=start.product,
            description=start.description,
            file_version=start.file_version,
            command_line=start.command_line,
            hashes=start.hashes,
            parent_guid=start.parent_guid,
            parent_pid=start.parent_pid,
            parent_image=start.parent_image,
            parent_command_line=start.parent_command_line,
        )
