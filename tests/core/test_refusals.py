"""Every refusal has its sentence in both languages, and every sentence its refusal."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXTS: dict[str, dict[str, str]] = yaml.safe_load(
    (ROOT / "models" / "data" / "texts" / "refusals.yaml").read_text(encoding="utf-8")
)
LAYERS = ("models", "workflows", "activities", "services", "api", "cli")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def refusals() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Every literal `Refused("code", detail=...)`: where, the code, and the names of its details."""
    for path, tree in sources():
        for node in ast.walk(tree):
            if (
                not isinstance(node, ast.Call)
                or not isinstance(node.func, ast.Name)
                or node.func.id != "Refused"
            ):
                continue
            details = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
            for argument in node.args:
                for code in literals(argument):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", code, details


def literals(node: ast.expr) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def without_language(names: set[str]) -> set[str]:
    """The names with those that stand for the same in each language (`rule_zh`, `rule_en`) made one."""
    return {name.removesuffix("_zh").removesuffix("_en") for name in names}


REFUSALS = sorted(refusals(), key=str)


def test_the_search_finds_the_refusals() -> None:
    assert len({code for _, code, _ in REFUSALS}) > 60


@pytest.mark.parametrize(("where", "code", "details"), REFUSALS, ids=lambda value: str(value))
def test_a_refusal_has_its_sentences(where: str, code: str, details: frozenset[str]) -> None:
    assert code in TEXTS, where
    for language in ("zh", "en"):
        assert placeholders(TEXTS[code][language]) <= details, (where, language)


def test_every_sentence_is_complete() -> None:
    for code, texts in TEXTS.items():
        assert set(texts) == {"zh", "en"}, code
        zh, en = placeholders(texts["zh"]), placeholders(texts["en"])
        assert without_language(zh) == without_language(en), code


def test_no_sentence_is_left_over() -> None:
    used: set[str] = set()
    for _, tree in sources():
        used |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    assert sorted(set(TEXTS) - used) == []
