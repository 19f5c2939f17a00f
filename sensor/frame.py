"""A frame: captured bytes, with their time, link type and capture point."""

import msgspec

from sensor.stage import Nanoseconds


class Frame(msgspec.Struct, frozen=True):
    """One captured frame, as a reader hands it over.

    `link` is the LINKTYPE number of the capture (https://www.tcpdump.org/linktypes.html),
    `length` the octets the frame had on the wire; `data` may be shorter (snap length).
    `interface` is the capture point's name, empty where the capture does not say.
    `late` is for a frame that was held back on the way: the largest time of all frames up to it,
    when it came.
    """

    at: Nanoseconds
    data: bytes
    link: int
    length: int
    interface: str = ""
    late: Nanoseconds | None = None
