"""Modules that workflows run by hold nothing that changes: all workflows of a worker share them, and what one left
there would not be there when another worker replays."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.settings import Settings

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for folder in ("workflows", "models") for path in (ROOT / folder).rglob("*.py"))
DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)
MAKERS = {
    "list",
    "dict",
    "set",
    "bytearray",
    "defaultdict",
    "OrderedDict",
    "Counter",
    "deque",
    "count",
    "iter",
}
# The type checker lets nobody change what is said to be one of these.
READ_ONLY = ("Mapping[", "Sequence[", "Set[")


def changeable(tree: ast.Module) -> Iterator[str]:
    """What of a module could change after its import."""
    for node in ast.walk(tree):
        match node:
            case ast.Global(names=names):
                yield f"line {node.lineno}: global {', '.join(names)}"
            case ast.Module(body=body) | ast.ClassDef(body=body):
                yield from _kept(body)
            case _:
                pass


def _kept(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.Assign(value=value, targets=[ast.Name(id=name)]) if name != "__all__":
                said = ""
            case ast.AnnAssign(value=ast.expr() as value, annotation=annotation):
                said = ast.unparse(annotation)
            case _:
                continue
        made = value.func if isinstance(value, ast.Call) else None
        maker = ast.unparse(made).rpartition(".")[2] if made else ""
        if (isinstance(value, DISPLAYS) or maker in MAKERS) and not said.startswith(READ_ONLY):
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_holds_nothing_that_changes(path: Path) -> None:
    assert list(changeable(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "held",
    [
        "seen = []",
        "_seen: dict[str, int] = {}",
        "numbers = itertools.count()",
        "class Case:\n    seen = set()",
        "def remember():\n    global last\n    last = 1",
    ],
)
def test_what_changes_is_found(held: str) -> None:
    assert len(list(changeable(ast.parse(held)))) == 1


def test_what_tests_start_runs_in_the_sandbox() -> None:
    assert Settings().workflow_sandbox
