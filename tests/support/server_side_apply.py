"""Who owns which field of an object, as server-side apply keeps it: merge, remove what is left out, conflict."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Self

from custom_resource import Refused

Object = dict[str, Any]
Path = tuple[str, ...]

NAMES = (("metadata", "name"), ("metadata", "namespace"))


def merged(old: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    made = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The fields that server-side apply owns; a list is one field, an empty map is none."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


class FieldManagers:
    """The field managers of one object: manager -> paths of its fields."""

    def __init__(self) -> None:
        self._fields: dict[str, set[Path]] = {}

    @classmethod
    def of(cls, manager: str, body: Object) -> Self:
        made = cls()
        made._fields[manager] = set(_told(body))
        return made

    def apply(self, old: Object | None, body: Object, *, manager: str, force: bool) -> Object:
        mine = _told(body)
        for other, fields in self._fields.items():
            if other == manager:
                continue
            rival = [path for path in fields & mine.keys() if old is None or _at(old, path) != mine[path]]
            if rival and not force:
                raise Refused(409, f"conflict with {other!r}: {sorted('.'.join(path) for path in rival)}")
            fields.difference_update(rival)
        new = deepcopy(old) if old else deepcopy(body)
        others = set().union(*(fields for one, fields in self._fields.items() if one != manager))
        for path in self._fields.get(manager, set()) - mine.keys() - others:
            _remove(new, path)
        for path, value in mine.items():
            _write(new, path, value)
        self._fields[manager] = set(mine)
        return new


def _told(body: Object) -> dict[Path, Any]:
    told = {key: value for key, value in body.items() if key in ("metadata", "spec")}
    return {path: value for path, value in leaves(told) if path not in NAMES}


def _at(body: Object, path: Path) -> Any:
    found: Any = body
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _write(body: Object, path: Path, value: Any) -> None:
    for key in path[:-1]:
        body = body.setdefault(key, {})
    body[path[-1]] = deepcopy(value)


def _remove(body: Object, path: Path) -> None:
    for key in path[:-1]:
        body = body.get(key, {})
    body.pop(path[-1], None)
