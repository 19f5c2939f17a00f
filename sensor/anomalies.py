"""Every named departure from a protocol, in one closed list.

An anomaly is a value on the packet or message that shows it, and a count in the statistics.
None is ever raised out of the core.
"""

from enum import StrEnum


class Anomaly(StrEnum):
    """The names are part of the output: they are added to, never renamed."""

    # frames and headers
    FRAME_TRUNCATED = "frame_truncated"
    LINK_TYPE_UNKNOWN = "link_type_unknown"
    HEADER_TRUNCATED = "header_truncated"
    HEADER_MALFORMED = "header_malformed"
    HEADERS_TOO_DEEP = "headers_too_deep"
    LENGTH_MISMATCH = "length_mismatch"
    FRAGMENT = "fragment"
    FRAGMENT_OVERLAP = "fragment_overlap"
    FRAGMENTS_INCOMPLETE = "fragments_incomplete"

    # TCP streams
    STREAM_MIDWAY = "stream_midway"
    STREAM_INCOMPLETE = "stream_incomplete"
    SEGMENT_LOST = "segment_lost"
    SEGMENT_OVERLAP = "segment_overlap"

    # a DNS message as a whole
    MESSAGE_TRUNCATED = "message_truncated"
    TRAILING_OCTETS = "trailing_octets"
    QUESTIONS_NOT_ONE = "questions_not_one"
    RESPONSE_CODE_IN_QUERY = "response_code_in_query"
    QUERY_WITH_ANSWERS = "query_with_answers"
    NONSTANDARD_PORT = "nonstandard_port"
    MIRRORED_DUPLICATE = "mirrored_duplicate"

    # names
    NAME_TRUNCATED = "name_truncated"
    NAME_TOO_LONG = "name_too_long"
    LABEL_TYPE_UNKNOWN = "label_type_unknown"
    POINTER_FORWARD = "pointer_forward"
    POINTER_OUTSIDE = "pointer_outside"
    POINTER_LOOP = "pointer_loop"
    POINTERS_TOO_MANY = "pointers_too_many"

    # resource records
    RECORD_TRUNCATED = "record_truncated"
    RDATA_MALFORMED = "rdata_malformed"
    OPT_DUPLICATE = "opt_duplicate"
    OPT_MALFORMED = "opt_malformed"
