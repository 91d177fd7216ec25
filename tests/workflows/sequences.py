"""What each workflow asks of Temporal, in order, read from its source: the part of it that histories are held to.

Kept in `sequences/<type>.txt` and compared in milliseconds; `python -m tests.workflows.sequences` writes them anew.
Names of locals, comments, timeouts and retry policies do not count: they may change under a running workflow.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "sequences"
SOURCES = Path(__file__).parents[2] / "workflows"
# What becomes a command, or decides in which order commands come.
_COMMANDS = frozenset(
    {
        "continue_as_new",
        "deprecate_patch",
        "execute_activity",
        "execute_child_workflow",
        "execute_local_activity",
        "patched",
        "random",
        "sleep",
        "start_activity",
        "start_child_workflow",
        "start_local_activity",
        "time",
        "upsert_memo",
        "upsert_search_attributes",
        "uuid4",
        "wait_condition",
    }
)
_ORDERING = frozenset({"gather", "wait", "wait_for", "create_task", "TaskGroup", "as_completed", "timeout"})
_HANDLERS = ("run", "update", "signal", "init")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_sources() -> dict[str, str]:
    """The source of every module of the workflows, by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*.py"))}


def sequences(sources: Mapping[str, str]) -> dict[str, str]:
    """The sequence of each workflow, by its type."""
    package = _Package(sources)
    return {name: "\n".join(package.workflow(item)) + "\n" for name, item in package.workflows.items()}


class _Package:
    """The classes, functions and constants of all modules. A constant is its own module's, or else imported."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.workflows: dict[str, ast.ClassDef] = {}
        self._constants: dict[str, dict[str, ast.expr]] = {}
        self._homes: dict[int, str] = {}
        self.functions: dict[str, _Function] = {}
        self.helpers: dict[str, _Function] = {}
        # Of a helper's class, by one of them.
        self.siblings: dict[int, Mapping[str, _Function]] = {}
        classes: list[ast.ClassDef] = []
        for home, text in sources.items():
            constants = self._constants[home] = {}
            module = ast.parse(text)
            self._homes |= {id(node): home for node in ast.walk(module)}
            for node in module.body:
                if isinstance(node, ast.ClassDef):
                    classes.append(node)
                elif isinstance(node, _Function):
                    self.functions[node.name] = node
                elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    constants[node.targets[0].id] = node.value
        for item in classes:
            name = self._type_of(item)
            if name is None:
                methods = _methods(item)
                self.helpers |= methods
                self.siblings |= {id(method): methods for method in methods.values()}
            else:
                self.workflows[name] = item

    def workflow(self, item: ast.ClassDef) -> Iterator[str]:
        """The lines of one workflow: each of its entries, in the order of their names."""
        methods = _methods(item)
        for _, method in sorted(methods.items()):
            kinds = [self._unnamed(each, method) for each in method.decorator_list]
            if any(kind.startswith(f"workflow.{handler}") for kind in kinds for handler in _HANDLERS):
                yield f"{kinds[0]}:"
                yield from _Reader(self, methods, method, ()).body()

    def constants_for(self, node: ast.AST) -> Mapping[str, ast.expr]:
        """The constants that a function or class sees."""
        imported = {name: value for each in self._constants.values() for name, value in each.items()}
        return imported | self._constants[self._homes[id(node)]]

    def _type_of(self, item: ast.ClassDef) -> str | None:
        for decorator in item.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "workflow.defn":
                return self._unnamed(decorator.keywords[0].value, item).strip("'")
        return None

    def _unnamed(self, node: ast.expr, at: ast.AST) -> str:
        return _spelt(node, {}, self.constants_for(at))


def _methods(item: ast.ClassDef) -> dict[str, _Function]:
    return {node.name: node for node in item.body if isinstance(node, _Function)}


class _Reader:
    """Reads one function: the lines of what it asks for, and of what decides whether and how often."""

    def __init__(
        self, package: _Package, methods: Mapping[str, _Function], function: _Function, above: tuple[str, ...]
    ) -> None:
        self._package = package
        self._methods = methods
        self._function = function
        self._above = (*above, function.name)
        arguments = {each.arg for each in function.args.args + function.args.kwonlyargs if each.arg != "self"}
        stored = (node for node in ast.walk(function) if isinstance(node, ast.Name))
        self._locals = arguments | {node.id for node in stored if isinstance(node.ctx, ast.Store)}
        # Numbered as they are shown, so that one more local changes nothing.
        self._numbers: dict[str, str] = {}

    def body(self) -> list[str]:
        lines = self._block(self._function.body)
        return lines[:-1] if lines and lines[-1] == "  return" else lines

    def _block(self, statements: list[ast.stmt]) -> list[str]:
        return ["  " + line for statement in statements for line in self._statement(statement)]

    def _statement(self, node: ast.stmt) -> list[str]:
        match node:
            case ast.If():
                return self._choice(f"if {self._plain(node.test)}", node.test, node.body, node.orelse)
            case ast.While():
                return self._choice(f"while {self._plain(node.test)}", node.test, node.body, node.orelse)
            case ast.For():
                return self._choice(
                    f"for each of {self._plain(node.iter)}", node.iter, node.body, node.orelse
                )
            case ast.With() | ast.AsyncWith():
                asked = [line for item in node.items for line in self._asked(item.context_expr)]
                shown = ", ".join(self._plain(item.context_expr) for item in node.items)
                inner = self._block(node.body)
                ordering = isinstance(node, ast.AsyncWith)
                return (
                    [*asked, f"with {shown}", *inner] if inner and ordering else [*asked, *_outdented(inner)]
                )
            case ast.Try():
                return self._tried(node)
            case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
                return [*self._inside(node), type(node).__name__.lower()]
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return []
            case _:
                return self._inside(node)

    def _choice(self, head: str, test: ast.expr, body: list[ast.stmt], other: list[ast.stmt]) -> list[str]:
        inner, alternative = self._block(body), self._block(other)
        found = [head, *inner] if inner or alternative else []
        return [*self._asked(test), *found, *(["else", *alternative] if alternative else [])]

    def _tried(self, node: ast.Try) -> list[str]:
        body = self._block(node.body)
        if not _commands([line for each in (node, *node.handlers) for line in self._block(each.body)]):
            return _outdented(body)
        found = ["try", *body]
        for handler in node.handlers:
            found += [
                f"except {ast.unparse(handler.type) if handler.type else ''}",
                *self._block(handler.body),
            ]
        for name, block in (("else", node.orelse), ("finally", node.finalbody)):
            lines = self._block(block)
            found += [name, *lines] if lines else []
        return found

    def _inside(self, node: ast.stmt) -> list[str]:
        return [line for child in ast.iter_child_nodes(node) for line in self._asked(child)]

    def _asked(self, node: ast.AST) -> list[str]:
        """What an expression asks for, in the order of its evaluation."""
        if isinstance(node, ast.Lambda):
            return []
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.DictComp | ast.SetComp):
            found = [line for child in ast.iter_child_nodes(node) for line in self._asked(child)]
            shown = self._plain(node.generators[0].iter)
            return [f"for each of {shown}", *("  " + line for line in found)] if found else []
        found = [line for child in ast.iter_child_nodes(node) for line in self._asked(child)]
        return found + self._call(node) if isinstance(node, ast.Call) else found

    def _call(self, node: ast.Call) -> list[str]:
        called = ast.unparse(node.func)
        owner, _, name = called.rpartition(".")
        if owner == "workflow" and name in _COMMANDS:
            return [f"{name} {self._told(name, node)}".rstrip()]
        if owner == "asyncio" and name in _ORDERING:
            return [called]
        helper = self._package.functions.get(name) if not owner else None
        if owner == "self":
            helper = self._methods.get(name)
        elif owner:
            helper = self._package.helpers.get(name)
        if helper is None or name in self._above:
            return []
        methods = self._package.siblings.get(id(helper), self._methods)
        inner = _Reader(self._package, methods, helper, self._above).body()
        names = " ".join(ast.unparse(each) for each in node.args if isinstance(each, ast.Constant))
        return [f"{called} {names}".rstrip() + ":", *inner] if _commands(inner) else []

    def _told(self, name: str, node: ast.Call) -> str:
        options = {keyword.arg: keyword.value for keyword in node.keywords}
        if name in ("wait_condition", "sleep"):
            timed = " with a timer" if "timeout" in options else ""
            return (self._plain(node.args[0]) if name == "wait_condition" else "") + timed
        if name == "continue_as_new" or not node.args:
            return ""
        return " ".join(self._plain(each) for each in (node.args[0], options.get("id")) if each is not None)

    def _plain(self, node: ast.expr) -> str:
        """The expression with constants spelt out and locals under names of no meaning."""
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and each.id in self._locals:
                self._numbers.setdefault(each.id, f"v{len(self._numbers)}")
        return _spelt(node, self._numbers, self._package.constants_for(self._function))


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str], constants: Mapping[str, ast.expr]) -> None:
        self._names = names
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._names:
            return ast.Name(self._names[node.id], node.ctx)
        return self._constants.get(node.id, node)


def _spelt(node: ast.expr, names: Mapping[str, str], constants: Mapping[str, ast.expr]) -> str:
    copied = ast.parse(ast.unparse(node), mode="eval")
    return ast.unparse(_Renamed(names, constants).visit(copied))


def _commands(lines: list[str]) -> bool:
    """Whether there is anything but ways out."""
    return any(line.strip() not in {"return", "raise", "break", "continue"} for line in lines)


def _outdented(lines: list[str]) -> list[str]:
    return [line.removeprefix("  ") for line in lines]


def main() -> None:
    """Write the sequences of today."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in sequences(read_sources()).items():
        (FOLDER / f"{name}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
