"""What the schema's classes say of themselves: which keys there are, of which form, and which group a key opens."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from calsync.config.forms import Form
from calsync.config.schema import File

__all__ = ["by_name", "form_of", "keys_of", "section_at", "section_of"]


def section_at(where: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The class that declares the keys of the group at `where`, or None when no class does."""
    section: type[BaseModel] | None = File
    named = False
    for step in where:
        if section is None:
            return None
        if isinstance(step, int) or named:
            named = False
            continue
        info = keys_of(section).get(step)
        section, named = section_of(info), info is not None and by_name(info)
    return None if named else section


def by_name(info: FieldInfo) -> bool:
    """True where the leader names the groups themselves: a mapping of names to sections."""
    return get_origin(info.annotation) is dict and section_of(info) is not None


def section_of(info: FieldInfo | None) -> type[BaseModel] | None:
    """The class that a field's value, or each item of its list, is declared by; None for a plain value."""
    waiting: list[Any] = [info.annotation] if info is not None else []
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        waiting += get_args(kind)
    return None


def form_of(info: FieldInfo) -> Form | None:
    """The form of a field's value, or of each item of its list."""
    waiting: list[Any] = [*info.metadata, info.annotation]
    while waiting:
        kind = waiting.pop(0)
        if isinstance(kind, Form):
            return kind
        waiting += get_args(kind)
    return None


def keys_of(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a section by the key that stands in the file, in order."""
    return {info.alias or name: info for name, info in section.model_fields.items()}
