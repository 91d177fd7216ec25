"""Addresses reach the browser as they are written."""

import ast

from tests.console.test_texts import CONSOLE

# Both put the path under which the console is mounted before every address.
PREFIXING = ("ui.link", "ui.navigate.to")


def test_no_address_is_prefixed_again() -> None:
    found = [
        f"{path.relative_to(CONSOLE)}:{call.lineno}"
        for path in CONSOLE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in PREFIXING
    ]
    assert not found, f"use console.links: {found}"
