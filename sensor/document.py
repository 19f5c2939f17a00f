"""One YAML document, checked key by key: all that is wrong with it is told at once.

The document is composed into nodes, which know their lines, and walked along the struct it has
to become. Each leaf is made by PyYAML's safe constructor and validated by msgspec or by its form
(`sensor.forms`); what is wrong is noted with its line and the walk goes on. The walk follows the
type, not the document, so it ends however the document's aliases are knotted.
"""

import difflib
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin

import msgspec
import yaml

from sensor.forms import Form, got, one_line

S = TypeVar("S", bound=msgspec.Struct)

# What PyYAML's constructors raise for an explicit tag on a text that is none (`!!bool x`).
_UNREADABLE: Final = (AttributeError, LookupError, ValueError, yaml.YAMLError)

_WRONG: Final = object()  # noted already
_ABSENT: Final = object()  # a key with nothing behind it: the default


class Document:
    """A YAML file by the name the user knows it by, and what is wrong with it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._problems: list[tuple[int, str]] = []
        self._lines: dict[str, int] = {}
        self._loader = yaml.SafeLoader("")

    @property
    def problems(self) -> tuple[str, ...]:
        """`file:line: key.path: what was wrong; what would be right`, in the file's order."""
        return tuple(
            one_line(f"{self.name}:{line}: {what}")
            for line, what in sorted(self._problems, key=_line)
        )

    def complain(self, path: str, what: str) -> None:
        """Note that something is wrong with the key at `path` (empty: with the whole)."""
        self._note(self._lines.get(path, 1), path, what)

    def has(self, path: str) -> bool:
        """Tell whether the document has a key at `path`."""
        return path in self._lines

    def read(self, data: bytes, of: type[S]) -> S | None:
        """Make the struct that the document says, or None when `problems` says why not."""
        try:
            self._loader = yaml.SafeLoader(data.decode("utf-8-sig"))
            node = self._loader.get_single_node()
        except UnicodeDecodeError as error:
            self._note(data.count(b"\n", 0, error.start) + 1, "", "not UTF-8; save it as UTF-8")
            return None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            self._note(line, "", f"not YAML: {error.problem}; see indents and quotes")
            return None
        except yaml.reader.ReaderError as error:
            line = data.decode().count("\n", 0, error.position) + 1
            self._note(line, "", f"not YAML: a character U+{error.character:04X}; take it out")
            return None
        except RecursionError:
            self._note(1, "", "nested too deeply; no key here goes deeper than four levels")
            return None
        value = _ABSENT if node is None else self._value(node, of, "")
        if value is _ABSENT:
            value = self._struct(yaml.MappingNode("", []), (of,), "")
        return None if value is _WRONG else cast("S", value)

    def _note(self, line: int, path: str, what: str) -> None:
        self._problems.append((line, f"{path}: {what}" if path else what))

    def _wrong(self, node: yaml.Node, path: str, what: str) -> object:
        self._note(_line_of(node) if not path else self._lines.get(path, 1), path, what)
        return _WRONG

    def _value(self, node: yaml.Node, kind: Any, path: str) -> Any:
        """Make one value of a type; `_WRONG` and `_ABSENT` as they say."""
        self._lines.setdefault(path, _line_of(node))
        form: Form | None = None
        meta: list[msgspec.Meta] = []
        whole = kind
        if get_origin(kind) is Annotated:
            kind, *meta = get_args(kind)
            form = next((m.extra["form"] for m in meta if m.extra), None)
        if form is not None:
            return self._formed(node, form, path)
        if get_origin(kind) in (Union, UnionType):
            return self._choice(node, get_args(kind), path)
        if get_origin(kind) is tuple:
            shortest = next((m.min_length for m in meta if m.min_length), 0)
            return self._sequence(node, get_args(kind)[0], shortest, path)
        if _is_struct(kind):
            return self._struct(node, (kind,), path)
        return self._plain(node, whole, path)

    def _choice(self, node: yaml.Node, kinds: Sequence[Any], path: str) -> Any:
        """Make a value of one of several types: which one shows in the node's shape."""
        structs = tuple(kind for kind in kinds if _is_struct(kind))
        others = [kind for kind in kinds if kind not in structs and kind is not NoneType]
        # `off` reads well for a section that is not wanted, and YAML 1.1 makes it false.
        if NoneType in kinds and (_is_null(node) or (structs and _is_false(node))):
            return None
        if structs and (isinstance(node, yaml.MappingNode) or not others):
            return self._struct(node, structs, path)
        return self._value(node, others[0], path)

    def _sequence(self, node: yaml.Node, kind: Any, shortest: int, path: str) -> Any:
        if _is_null(node) and not shortest:
            return _ABSENT
        if not isinstance(node, yaml.SequenceNode):
            hint = f"; write [{node.value}]" if _is_text(node) else ""
            return self._wrong(node, path, f"expected a list, got {_shape(node)}{hint}")
        if len(node.value) < shortest:
            return self._wrong(node, path, "expected at least one item, got an empty list")
        items = []
        for index, item in enumerate(node.value):
            where = f"{path}[{index}]"
            value = self._value(item, kind, where)
            if value is _ABSENT:
                value = self._wrong(item, where, "expected a value, got nothing")
            items.append(value)
        return _WRONG if _WRONG in items else tuple(items)

    def _struct(self, node: yaml.Node, kinds: Sequence[Any], path: str) -> Any:
        if _is_null(node) and kinds[0].__struct_config__.tag_field is None:
            return _ABSENT
        if not isinstance(node, yaml.MappingNode):
            return self._wrong(node, path, f"expected keys and values, got {_shape(node)}")
        fine, values = self._keys(node, path)
        kind = self._tagged(node, kinds, values, path)
        if kind is None:
            return _WRONG
        known = {item.encode_name: item for item in msgspec.structs.fields(kind)}
        made: dict[str, Any] = {}
        for key, value in values.items():
            if key not in known:
                self._wrong(value, _join(path, key), f"unknown key{_hint(key, known)}")
                fine = False
            elif (one := self._value(value, known[key].type, _join(path, key))) is not _ABSENT:
                made[known[key].name] = one
        for key, item in known.items():
            if item.required and item.name not in made:
                self._wrong(node, path, f'missing key "{key}"; it has no default')
                fine = False
        return kind(**made) if fine and _WRONG not in made.values() else _WRONG

    def _keys(self, node: yaml.MappingNode, path: str) -> tuple[bool, dict[str, yaml.Node]]:
        """Pair keys and values; say whether every key was text and stood there once."""
        fine = True
        values: dict[str, yaml.Node] = {}
        for key, value in node.value:
            where = _join(path, str(key.value)) if isinstance(key, yaml.ScalarNode) else path
            if not isinstance(key, yaml.ScalarNode):
                self._note(_line_of(key), path, f"expected a key, got {_shape(key)}")
                fine = False
            elif key.value in values:
                first = self._lines[where]
                self._note(_line_of(key), where, f"duplicate key; it stands in line {first} too")
                fine = False
            else:
                self._lines[where] = _line_of(key)
                values[key.value] = value
        return fine, values

    def _tagged(
        self, node: yaml.Node, kinds: Sequence[Any], values: dict[str, yaml.Node], path: str
    ) -> Any:
        """Choose among structs by their tag (the key `type`), which is taken off `values`."""
        tag_field = kinds[0].__struct_config__.tag_field
        if tag_field is None:
            return kinds[0]
        by_tag = {kind.__struct_config__.tag: kind for kind in kinds}
        tag = values.pop(tag_field, None)
        if tag is None:
            self._wrong(node, path, f'missing key "{tag_field}"; one of: {", ".join(by_tag)}')
            return None
        where = _join(path, tag_field)
        chosen = self._formed(tag, lambda value: _one_of(value, tuple(by_tag)), where)
        return None if chosen is _WRONG else by_tag[chosen]

    def _formed(self, node: yaml.Node, form: Form, path: str) -> Any:
        """Make a leaf and let its form judge it."""
        if not isinstance(node, yaml.ScalarNode):
            return self._wrong(node, path, f"expected a single value, got {_shape(node)}")
        try:
            value = self._loader.construct_object(node, deep=True)
        except _UNREADABLE:
            return self._wrong(node, path, f"{got(node.value)} does not read; put it in quotes")
        try:
            return form(value)
        except ValueError as error:
            return self._wrong(node, path, str(error))

    def _plain(self, node: yaml.Node, kind: Any, path: str) -> Any:
        """Make a leaf whose type says it all, and let msgspec judge it."""
        if get_origin(kind) is Literal:
            return self._formed(node, lambda value: _one_of(value, get_args(kind)), path)

        def convert(value: object) -> Any:
            try:
                return msgspec.convert(value, kind)
            except msgspec.ValidationError as error:
                expected = str(error).partition(", got")[0].partition(" - at")[0]
                for name, plain in _PLAIN.items():
                    expected = expected.replace(name, plain)
                raise ValueError(f"e{expected[1:]}, got {got(value)}") from None

        return self._formed(node, convert, path)


# msgspec's names of types, in plain words.
_PLAIN: Final = {"`int`": "a whole number", "`bool`": "true or false", "`str`": "text"}


def _one_of(value: object, choices: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        near = _hint(str(value), choices, otherwise=False)
        raise ValueError(f"expected one of: {', '.join(choices)}; got {got(value)}{near}")
    return value


def _hint(key: str, known: Sequence[str] | dict[str, Any], *, otherwise: bool = True) -> str:
    near = difflib.get_close_matches(key, list(known), n=1)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; the keys here are: {', '.join(known)}" if otherwise else ""


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _is_null(node: yaml.Node) -> bool:
    return node.tag == "tag:yaml.org,2002:null"


def _is_false(node: yaml.Node) -> bool:
    return node.tag == "tag:yaml.org,2002:bool" and node.value.lower() in ("off", "no", "false")


def _is_text(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not _is_null(node)


def _shape(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return "nothing" if _is_null(node) else got(node.value)
    return "a list" if isinstance(node, yaml.SequenceNode) else "keys and values"


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _line(problem: tuple[int, str]) -> int:
    return problem[0]


def _line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1 if node.start_mark else 1
