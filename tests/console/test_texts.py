"""Everything that a page says is said in Chinese too."""

import ast
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

CONSOLE = Path(str(resources.files("console")))
# Functions whose argument at the place is a text for the catalogue.
KEYWORDS = {"_": None, "N_": None, "text_in": (2,), "page": (2,), "Door": (2,)}
HOLES = re.compile(r"\{(\w+)\}")


def said() -> dict[str, str]:
    """Every text of the pages, and where it stands."""
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    found: dict[str, str] = {}
    for file, line, text, *_ in extract_from_dir(CONSOLE, methods, keywords=KEYWORDS):
        assert isinstance(text, str)
        if text.startswith("/"):
            # A page of a list of the API is called `page` as well.
            continue
        found[text] = f"{file}:{line}"
    return found


def translated() -> Iterator[tuple[str, str, str]]:
    """The entries of all catalogues: file, text, and its translation."""
    for path in sorted((CONSOLE / "locale/zh").glob("*.po")):
        with path.open("rb") as source:
            for entry in read_po(source):
                if entry.id:
                    yield path.name, str(entry.id), str(entry.string)


def test_every_text_has_a_translation() -> None:
    known = {text for _, text, translation in translated() if translation}
    missing = {text: place for text, place in said().items() if text not in known}
    assert not missing


def test_no_translation_is_left_of_a_text_that_is_gone() -> None:
    texts = said()
    assert not [(file, text) for file, text, _ in translated() if text not in texts]


def test_a_text_is_translated_in_one_way() -> None:
    ways: dict[str, set[str]] = {}
    for _, text, translation in translated():
        ways.setdefault(text, set()).add(translation)
    assert not {text: found for text, found in ways.items() if len(found) > 1}


def test_translations_have_the_holes_of_their_texts() -> None:
    assert not [
        text
        for _, text, translation in translated()
        if set(HOLES.findall(text)) != set(HOLES.findall(translation))
    ]


def test_no_text_hides_from_the_catalogue() -> None:
    """Nothing is looked for within f-strings."""
    hidden = [
        f"{path.name}:{call.lineno}"
        for path in CONSOLE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KEYWORDS
    ]
    assert not hidden
