"""The JSON Schemas of what goes in and out, generated from the structs themselves."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from sensor.encoders.ecs_fields import EcsAlert
from sensor.encoders.lines import LookupLine, MessageLine
from sensor.forms import schema as form_schema
from sensor.rules.rule import Rule
from sensor.settings import Config

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def _output(of: type[msgspec.Struct]) -> dict[str, Any]:
    return msgspec.json.schema(of)


SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "alert": lambda: _output(EcsAlert),
    "message": lambda: _output(MessageLine),
    "lookup": lambda: _output(LookupLine),
    "config": lambda: form_schema(Config),
    "rule": lambda: form_schema(Rule),
}


def schema(kind: str) -> str:
    """Write the schema of `kind`, one of `SCHEMAS`, as indented JSON with a line's end."""
    document = {"$schema": DIALECT, "title": f"dns-sensor {kind}", **SCHEMAS[kind]()}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
