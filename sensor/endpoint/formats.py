"""The log formats of JSON records, and how one is told from another: by the keys it needs.

XML and EVTX are told by their octets before this. A new format is a file of its own and one line
in the table.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from sensor.endpoint import (
    azure,
    elastic_ecs,
    evtx_json,
    flat,
    nxlog,
    wazuh,
    winlogbeat,
    winlogbeat6,
)
from sensor.endpoint.reasons import Reason
from sensor.endpoint.record import Record, RejectedError
from sensor.endpoint.values import member


class Format(msgspec.Struct, frozen=True):
    """A log format: of each item of `needs`, one path at least must lead to something."""

    name: str
    needs: tuple[tuple[str, ...], ...]
    read: Callable[[object], Record]

    def fits(self, obj: object) -> bool:
        """Say whether the object has all that this format needs."""
        return all(any(member(obj, path) is not None for path in paths) for paths in self.needs)


# The first that fits reads the record: those that need more stand before those that need less.
TABLE: Final = (
    Format("elastic_ecs", elastic_ecs.NEEDS, elastic_ecs.read),
    Format("winlogbeat", winlogbeat.NEEDS, winlogbeat.read),
    Format("winlogbeat6", winlogbeat6.NEEDS, winlogbeat6.read),
    Format("wazuh", wazuh.NEEDS, wazuh.read),
    Format("evtx_json", evtx_json.NEEDS, evtx_json.read),
    Format("azure_windows_event", azure.NEEDS, azure.read),
    Format("azure_syslog", azure.SYSLOG_NEEDS, azure.read_syslog),
    Format("nxlog", nxlog.NEEDS, nxlog.read),
    Format("flat", flat.NEEDS, flat.read),
)


def read(obj: object) -> Record:
    """Read a JSON record of any format.

    Raises:
        RejectedError: `unrecognised`, or what the format's own `read` says.
    """
    for candidate in TABLE:
        if candidate.fits(obj):
            return candidate.read(obj)
    raise RejectedError(Reason.UNRECOGNISED)
