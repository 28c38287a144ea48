"""The Python client's models, from the API's description: what it receives as pydantic, what it asks as TypedDict.

    docs/openapi.json, docs/events.schema.json ─▶ clients/python/src/proteus_client/models.py

Only what the client touches is written, with whatever that refers to. Answers are read leniently, because a server may
be newer than its client: unknown fields are kept, a word that is not in a list of words is a word, and whatever may be
null may also be missing. Requests are strict.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

ANSWERS: Final = (
    "BatchBody", "BatchItemList", "BatchMessage", "EstimateBody", "GuestToken", "ImageBody", "JobEvent", "Problem",
    "ProgressEvent", "StatusBody", "TokenBody", "UploadTicket", "WebhookMessage",
)  # fmt: skip
OPTIONS: Final = {
    "TryOnOptions": ("SnapRequest", {"user_photo_url", "cloth_clean_url", "garments"}),
    "BatchOptions": ("BatchOptions", set()),
    "TokenWish": ("TokenRequest", set()),
}
"""TypedDict -> the request's schema, and the fields that the client fills in itself."""

_HEAD: Final = '''\
"""What the API says and asks. Written by `python -m workbench.schemas`: change the API, not this file.

More than 350 lines, because the API says so much.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """What a server sent. A newer one may say more: unknown fields are kept, unknown words are words."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True, protected_namespaces=())
'''
_WIDTH: Final = 110
_PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def models(api: Schema, events: Schema) -> str:
    """Return the module's text.

    Args:
        api: The OpenAPI description.
        events: The JSON Schema of the events.
    """
    schemas = {**events["$defs"], **api["components"]["schemas"]}
    aliases, classes = ["\n"], []
    for name in _reached(ANSWERS, schemas):
        schema = schemas[name]
        if "enum" in schema:
            aliases.append(f"\n{name} = Literal[{_words(schema['enum'])}] | str\n")
        else:
            classes.append(_class(name, schema))
    asked = [_typed_dict(name, schemas[of], without, schemas) for name, (of, without) in OPTIONS.items()]
    return "".join([_HEAD, *aliases, *classes, *asked])


def _reached(roots: Iterable[str], schemas: Schema) -> list[str]:
    """Return these schemas and all that they refer to, by name."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [one.rpartition("/")[2] for one in _references(schemas[name])]
    return sorted(found)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        schema = schema.values()
    if isinstance(schema, Iterable) and not isinstance(schema, str):
        for one in schema:
            yield from _references(one)


def _class(name: str, schema: Schema) -> str:
    lines = [f"\n\nclass {name}(Answer):", *_doc(schema.get("description") or name)]
    required = set(schema.get("required", ()))
    fields = sorted(schema["properties"].items(), key=lambda field: field[0] not in required or _nullable(field[1]))
    for field, form in fields:
        kind = _type(form)
        if field in required and not _nullable(form):
            lines.append(f"    {field}: {kind}")
        elif _nullable(form) or form.get("default") is None or "$ref" in form:
            lines.append(f"    {field}: {kind if kind.endswith('| None') else f'{kind} | None'} = None")
        else:
            lines.append(f"    {field}: {kind} = {form['default']!r}".replace("'", '"'))
        lines += _doc(form.get("description", ""))
    return "\n".join(lines) + "\n"


def _typed_dict(name: str, schema: Schema, without: set[str], schemas: Schema) -> str:
    lines = [f"\n\nclass {name}(TypedDict, total=False):", *_doc(schema.get("description") or name)]
    for field, form in schema["properties"].items():
        if field not in without:
            lines += [f"    {field}: {_type(form, strict=schemas)}", *_doc(form.get("description", ""))]
    return "\n".join(lines) + "\n"


def _nullable(form: Schema) -> bool:
    return any(one.get("type") == "null" for one in form.get("anyOf", ()))


def _type(form: Schema, *, strict: Schema | None = None) -> str:
    """Return the annotation of a field.

    Args:
        form: The field's schema.
        strict: All schemas, in a request: a list of words is exactly that list, and no class is named.
    """
    if "$ref" in form:
        name = form["$ref"].rpartition("/")[2]
        return name if strict is None else _type(strict[name], strict=strict)
    if "anyOf" in form:
        kinds = list(dict.fromkeys(_type(one, strict=strict) for one in form["anyOf"]))
        return " | ".join(sorted(kinds, key=lambda kind: kind == "None"))
    if "const" in form or "enum" in form:
        words = f"Literal[{_words(form.get('enum') or [form['const']])}]"
        return words if strict is not None else f"{words} | str"
    match form.get("type"):
        case "array":
            return f"list[{_type(form.get('items', {}), strict=strict)}]"
        case "object":
            values = form.get("additionalProperties") or next(iter(form.get("patternProperties", {}).values()), None)
            return f"dict[str, {_type(values, strict=strict) if isinstance(values, Mapping) else 'Any'}]"
        case kind:
            return _PLAIN.get(str(kind), "Any")


def _words(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _doc(text: str) -> list[str]:
    """Return a description as a docstring's lines."""
    first = re.sub(r"\s+", " ", text.partition("\n\nAttributes:")[0]).strip()
    if not first:
        return []
    lines = textwrap.wrap(first, _WIDTH)
    return (
        [f'    """{lines[0]}', *(f"    {line}" for line in lines[1:]), '    """']
        if lines[1:]
        else [f'    """{lines[0]}"""']
    )
