"""dns-sensor: a network-side passive DNS sensor."""

from typing import Final

__version__: Final = "0.1.0"
