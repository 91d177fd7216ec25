"""Finds every place in the code that reads rows about cases, people or imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("api", "services", "activities", "cli")
# Tables whose rows are about cases, or about who reads and runs them.
SCOPED = frozenset(
    {
        "Attachment",
        "CaseRow",
        "CaseHardship",
        "CaseEvent",
        "CaseDeadline",
        "CaseNotice",
        "CaseReferral",
        "Reservation",
        "ImportJob",
        "ImportRow",
        "TrainingClass",
        "Delivery",
        "Offboarding",
        "Batch",
        "BatchItem",
        "BreakGlass",
        "Delegation",
    }
)
READS = frozenset({"select", "select_rows", "get", "get_one", "select_from", "join"})


@dataclass(frozen=True)
class Site:
    """A function that reads a scoped table, and the names that its body speaks of."""

    place: str
    tables: frozenset[str]
    names: frozenset[str]


def sites() -> Iterator[Site]:
    """Every function, or module body, that reads a scoped table."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield from sites_of(module, ast.parse(path.read_text(encoding="utf-8")))


def sites_of(module: str, tree: ast.Module) -> Iterator[Site]:
    """The sites of one module."""
    for name, body in _functions(tree, module):
        tables = frozenset(table for call in _calls(body) for table in _tables(call))
        if tables:
            yield Site(name, tables, _names(body))


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
    """Functions and methods by name; what stands outside of them goes under the module's own name."""
    outside: list[ast.stmt] = []
    for child in getattr(node, "body", []):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}.{child.name}", child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}.{child.name}")
        else:
            outside.append(child)
    yield prefix, ast.Module(body=outside, type_ignores=[])


def _calls(body: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(body):
        if isinstance(node, ast.Call) and _called(node) in READS:
            yield node


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _tables(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        for node in ast.walk(argument):
            if isinstance(node, ast.Name) and node.id in SCOPED:
                yield node.id


def _names(body: ast.AST) -> frozenset[str]:
    """Names, and attributes of names as `actor.school_id`."""
    names = {node.id for node in ast.walk(body) if isinstance(node, ast.Name)}
    attributes = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(body)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return frozenset(names | attributes)
