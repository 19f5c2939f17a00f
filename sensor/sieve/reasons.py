"""Why a frame passes the sieve, or why it does not."""

from enum import IntEnum


class Reason(IntEnum):
    """What became of one frame.

    The first two are dropped, all others pass. `DROPPED_DNS` is a message on a configured port
    that the river would have counted and nothing else.
    """

    DROPPED_OTHER = 0
    DROPPED_DNS = 1
    WATCHED = 2
    FRAGMENT = 3
    TCP = 4
    MALFORMED = 5  # reading its names would take more steps than a message is worth
    HEADER = 6  # the river can take it off, or there are more headers or readings than are tried


# What kernels compare with: an enum's members are no numbers to them.
LAST_DROPPED = int(Reason.DROPPED_DNS)
