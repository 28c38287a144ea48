"""What the API server does with an object of a custom resource's definition: prune, default, validate, CEL."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import cel
from jsonschema import Draft4Validator

Object = dict[str, Any]


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class CustomResource:
    """What the API server does with a custom resource's definition: prune, default, validate."""

    def __init__(self, crd: Object) -> None:
        [version] = crd["spec"]["versions"]
        self.schema = version["schema"]["openAPIV3Schema"]
        self.plural = crd["spec"]["names"]["plural"]

    def admitted(self, body: Object, old: Object | None) -> Object:
        """Return the object as it is stored, or refuse it as the API server does: 422 with every reason."""
        made = self._shaped(deepcopy(body), self.schema, top=True)
        reasons = [
            f"{'.'.join(map(str, one.path))}: {one.message}" for one in Draft4Validator(self.schema).iter_errors(made)
        ]
        if not reasons:
            reasons = list(self._rules(made["spec"], old and old["spec"], self.schema["properties"]["spec"], "spec"))
        if reasons:
            raise Refused(422, f"WeaverFleet {body['metadata']['name']!r} is invalid: {'; '.join(reasons)}")
        return made

    def _shaped(self, value: Any, schema: Object, *, top: bool = False) -> Any:
        if isinstance(value, dict) and "properties" in schema:
            known = schema["properties"]
            if not top:
                value = {key: one for key, one in value.items() if key in known}
            for key, inner in known.items():
                if key not in value and "default" in inner:
                    value[key] = deepcopy(inner["default"])
                if key in value and key != "metadata":
                    value[key] = self._shaped(value[key], inner)
        elif isinstance(value, list) and "items" in schema:
            value = [self._shaped(one, schema["items"]) for one in value]
        return value

    def _rules(self, value: Any, old: Any, schema: Object, path: str) -> Iterator[str]:
        for rule in schema.get("x-kubernetes-validations", ()):
            if "oldSelf" in rule["rule"] and old is None:
                continue
            if not cel.evaluate(rule["rule"], {"self": value, "oldSelf": old}):
                yield f"{path}: {rule['message']}"
        if isinstance(value, dict):
            for key, inner in schema.get("properties", {}).items():
                if key in value:
                    yield from self._rules(value[key], (old or {}).get(key), inner, f"{path}.{key}")
        if isinstance(value, list):
            for number, one in enumerate(value):
                yield from self._rules(one, None, schema["items"], f"{path}[{number}]")
