"""Whatever a command brings has an end: no text and no list of it can grow without measure."""

from collections.abc import Iterator
from typing import Any, cast

from pydantic import TypeAdapter

from models.case.machine import PublicCommand

# Of a closed set, or of a form that says how long it is.
CLOSED = {"enum", "const", "format", "pattern"}


def endless(node: Any, where: str) -> Iterator[str]:
    """The places of a schema that take text or items without end."""
    if isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from endless(item, where)
    if not isinstance(node, dict):
        return
    schema = cast("dict[str, Any]", node)
    kind = schema.get("type")
    if (kind == "string" and "maxLength" not in schema and not CLOSED & schema.keys()) or (
        kind == "array" and "maxItems" not in schema
    ):
        yield where
    for name, item in schema.get("properties", {}).items():
        yield from endless(item, f"{where}.{name}")
    for word in ("items", "anyOf", "oneOf", "allOf", "additionalProperties"):
        yield from endless(schema.get(word), where)


def test_no_text_and_no_list_of_a_command_is_endless() -> None:
    schema = TypeAdapter(PublicCommand).json_schema()
    assert "CorrectProfile" in schema["$defs"]
    assert [place for name, model in schema["$defs"].items() for place in endless(model, name)] == []
