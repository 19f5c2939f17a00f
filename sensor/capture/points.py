"""The interfaces of a pcapng section, as the kernel that walks its packets wants them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensor.capture import pcapng
from sensor.sieve import walk
from sensor.stage import END

# Up to here ticks in nanoseconds, and the offset added to them, fit 64 bits with ease.
_MOST: Final = 1 << 61

_ROWS: Final = 8


class Points:
    """One section's interfaces.

    A row once written stays as it is, so who has `array` and how many rows are known may go on
    reading them while others come behind.
    """

    def __init__(self, section: pcapng.Section) -> None:
        self.section = section
        self.array: NDArray[np.int64] = np.zeros((_ROWS, len(walk.Point)), dtype=np.int64)
        self.known = 0

    def follow(self) -> None:
        """Take over the interfaces that have come since."""
        interfaces = self.section.interfaces
        if len(interfaces) > len(self.array):
            more = np.zeros((2 * len(interfaces), len(walk.Point)), dtype=np.int64)
            more[: self.known] = self.array[: self.known]
            self.array = more
        for number in range(self.known, len(interfaces)):
            self.array[number] = _point(interfaces[number])
        self.known = len(interfaces)

    def origin(self, number: int) -> tuple[int, str]:
        """Tell the link type and the name of an interface."""
        interface = self.section.interfaces[number]
        return (interface.link, interface.name) if interface else (0, "")


def _point(interface: pcapng.Interface | None) -> tuple[int, int, int, int, int]:
    """Tell what the kernel must know; where 64 bits are too few for it, that it take nothing."""
    nothing = (0, 1, 1, 0, -1)
    if interface is None:
        return nothing
    multiplier, divisor, offset = interface.multiplier, interface.divisor, interface.offset
    if abs(offset) > _MOST or divisor * multiplier > _MOST:
        return nothing
    most = min(_MOST * divisor // multiplier, END)
    return interface.link, multiplier, divisor, offset, most
