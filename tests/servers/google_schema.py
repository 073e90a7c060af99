"""The Calendar and People APIs as their own discovery documents describe them: bodies, parameters and scopes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import googleapiclient
from jsonschema import Draft202012Validator, FormatChecker

__all__ = ["Method", "find_method", "json_schema", "problems", "query_problems", "short_scope", "visible_fields"]

Json = dict[str, Any]
_PREFIX = "https://www.googleapis.com/auth/"
_READ_ONLY = re.compile(r"read-only\b", re.IGNORECASE)
_DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
_SYSTEM = ("alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "userIp")
_CALENDAR_METHODS = {
    "calendarList": ("list", "get"),
    "calendars": ("get",),
    "events": ("list", "get", "insert", "import", "patch", "update", "delete", "move", "instances"),
    "freebusy": ("query",),
}
_checker = FormatChecker(formats=())


@dataclass(frozen=True)
class Method:
    """One method: its id (`calendar.events.list`), how it is called, what opens it, and what goes in and out."""

    id: str
    verb: str
    path: re.Pattern[str]
    parameters: Mapping[str, Json]
    scopes: frozenset[str]
    request: str
    response: str

    @property
    def name(self) -> str:
        """The id without the API's name: `events.list`."""
        return self.id.partition(".")[2]


def find_method(verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """The method that `verb path` calls, with the decoded path parameters; `path` is as on the wire."""
    for method in _methods():
        found = method.path.fullmatch(path) if method.verb == verb else None
        if found is not None:
            return method, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def problems(body: Any, schema: str = "Event", *, patch: bool = False, read_only: bool = False) -> list[str]:
    """What is wrong with a request body, one line each; [] when it fits the discovery document.

    Keys that the document does not know are wrong. With `patch` a null (which removes a field) is right anywhere.
    With `read_only` a field whose description says "Read-only" is wrong, too: the service ignores those.
    """
    found = [
        f"{'/'.join(map(str, error.absolute_path)) or '(body)'}: {error.message}"
        for error in _validator(schema, patch).iter_errors(body)
    ]
    return sorted(found) + (list(_read_only(body, schema, "")) if read_only and not found else [])


def query_problems(method: Method, query: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with the query parameters of a call, one line each."""
    found = []
    for name, values in query.items():
        spec = method.parameters.get(name)
        if spec is None or spec.get("location") != "query":
            found.append(f"{name}: no such parameter of {method.id}")
            continue
        if len(values) > 1 and not spec.get("repeated"):
            found.append(f"{name}: given {len(values)} times")
        found += [f"{name}: {value!r} is not {spec['type']}" for value in values if not _fits(value, spec)]
    missing = [n for n, spec in method.parameters.items() if spec.get("required") and spec["location"] == "query"]
    return found + [f"{name}: required" for name in missing if name not in query]


def json_schema(name: str = "Event", *, nullable: bool = False) -> Json:
    """The JSON Schema of a resource of the Calendar API, made from the discovery document; unknown keys refused."""
    schemas = _document("calendar.v3.json")["schemas"]
    definitions = {key: _converted(value, nullable=nullable) for key, value in schemas.items()}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": f"#/$defs/{name}", "$defs": definitions}


def visible_fields(schema: str, path: Sequence[str]) -> bool:
    """True when `path` names a field of an answer; a part may be `*`. For checking the `fields` parameter."""
    schemas = {**_document("people.v1.json")["schemas"], **_document("calendar.v3.json")["schemas"]}
    here: Json = schemas[schema]
    for part in path:
        while True:
            if "$ref" in here:
                here = schemas[here["$ref"]]
            elif here.get("type") == "array":
                here = here["items"]
            else:
                break
        if part == "*":
            return True
        if part in here.get("properties", {}):
            here = here["properties"][part]
        elif "additionalProperties" in here:
            here = here["additionalProperties"]
        else:
            return False
    return True


def short_scope(scope: str) -> str:
    """`https://www.googleapis.com/auth/calendar.events` as `calendar.events`."""
    return scope.removeprefix(_PREFIX)


@cache
def _document(name: str) -> Json:
    document: Json = json.loads((_DOCUMENTS / name).read_text(encoding="utf-8"))
    return document


@cache
def _methods() -> tuple[Method, ...]:
    calendar, people = _document("calendar.v3.json"), _document("people.v1.json")
    found = [
        _method(calendar, calendar["resources"][resource]["methods"][name], "/calendar/v3/")
        for resource, names in _CALENDAR_METHODS.items()
        for name in names
    ]
    resources = people["resources"]
    lists = (
        resources["people"]["methods"]["listDirectoryPeople"],
        resources["people"]["resources"]["connections"]["methods"]["list"],
        resources["otherContacts"]["methods"]["list"],
    )
    found += [_method(people, spec, "/") for spec in lists]
    # `import` would otherwise be taken for the id of an event.
    return tuple(sorted(found, key=lambda method: "{" in method.path.pattern.rpartition("/")[2]))


def _method(document: Json, spec: Json, root: str) -> Method:
    pattern = re.escape(root + spec["path"]).replace(r"\{\+", r"\{")
    pattern = re.sub(r"\\\{(\w+)\\\}", lambda m: f"(?P<{m[1]}>{_segment(spec, m[1])})", pattern)
    common = {name: document["parameters"][name] for name in _SYSTEM if name in document["parameters"]}
    return Method(
        id=spec["id"],
        verb=spec["httpMethod"],
        path=re.compile(pattern),
        parameters={**common, **spec.get("parameters", {})},
        scopes=frozenset(map(short_scope, spec["scopes"])),
        request=spec.get("request", {}).get("$ref", ""),
        response=spec.get("response", {}).get("$ref", ""),
    )


def _segment(spec: Json, name: str) -> str:
    return "people/[^/]+" if spec["parameters"][name].get("pattern", "").startswith("^people/") else "[^/]+"


@cache
def _validator(schema: str, patch: bool) -> Draft202012Validator:
    return Draft202012Validator(json_schema(schema, nullable=patch), format_checker=_checker)


def _converted(spec: Json, *, nullable: bool) -> Json:
    """One schema of a discovery document as JSON Schema; its descriptions and defaults are of no use here."""
    made: Json = {}
    if "$ref" in spec:
        made["$ref"] = f"#/$defs/{spec['$ref']}"
        return {"anyOf": [made, {"type": "null"}]} if nullable else made
    if spec.get("type", "any") != "any":
        made["type"] = [spec["type"], "null"] if nullable else spec["type"]
    if spec.get("format") in ("date", "date-time"):
        made["format"] = spec["format"]
    if "properties" in spec:
        made["properties"] = {key: _converted(one, nullable=nullable) for key, one in spec["properties"].items()}
        made["additionalProperties"] = False
    if "additionalProperties" in spec:
        made["additionalProperties"] = _converted(spec["additionalProperties"], nullable=nullable)
    if "items" in spec:
        made["items"] = _converted(spec["items"], nullable=False)
    return made


@_checker.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or (len(value) == 10 and bool(date.fromisoformat(value)))


@_checker.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or ("T" in value and bool(datetime.fromisoformat(value)))


def _read_only(body: Any, schema: str, path: str) -> Iterable[str]:
    spec = _document("calendar.v3.json")["schemas"].get(schema, {})
    yield from _read_only_in(body, spec, path)


def _read_only_in(body: Any, spec: Json, path: str) -> Iterable[str]:
    if "$ref" in spec:
        yield from _read_only(body, spec["$ref"], path)
    elif isinstance(body, list):
        for at, one in enumerate(body):
            yield from _read_only_in(one, spec.get("items", {}), f"{path}{at}/")
    elif isinstance(body, dict):
        for key, value in body.items():
            inner = spec.get("properties", {}).get(key, {})
            if _READ_ONLY.search(inner.get("description", "")) and "importing" not in inner["description"]:
                yield f"{path}{key}: read-only"
            yield from _read_only_in(value, inner, f"{path}{key}/")


def _fits(value: str, spec: Json) -> bool:
    if spec["type"] == "boolean":
        return value in ("true", "false")
    if spec["type"] == "integer":
        if not re.fullmatch(r"-?\d+", value):
            return False
        return int(spec.get("minimum", value)) <= int(value) <= int(spec.get("maximum", value))
    return "enum" not in spec or value in spec["enum"]
