"""Find the codes of errors in source text, with the statuses and the details that go with them."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from service import errors
from service.http.problems import STATUS_BY_ERROR

BASE_CODE = errors.DomainError.default_code  # no error has it
INSERTED = "…"  # in place of a value that only the running service knows

Bindings = dict[str, ast.expr]
"""The expressions that names stand for."""


@dataclass(frozen=True, order=True)
class ErrorCode:
    """One cause of a problem document."""

    code: str
    status: str
    detail: str


class ErrorCodeCollector:
    """Finds the codes that modules raise, also through functions that make an error.

    Args:
        paths: the modules.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._trees = [ast.parse(path.read_text()) for path in paths]
        self._functions = {
            node.name: node
            for tree in self._trees
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and any(code_of(call) for call in calls_in(node))
        }
        """The functions that make an error, by name."""

    def collect(self) -> Iterator[ErrorCode]:
        """Yield each code with its status and its detail."""
        for tree in self._trees:
            yield from self._visit(tree, assignments_in(tree))

    def _visit(self, node: ast.AST, names: Bindings) -> Iterator[ErrorCode]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            hidden = {argument.arg for argument in arguments_of(node)}
            names = {k: v for k, v in names.items() if k not in hidden} | assignments_in(node)
        if isinstance(node, ast.ClassDef):
            yield from default_code_of(node)
        if isinstance(node, ast.Call):
            yield from error_of(node, names)
            yield from self._errors_of_called(node, names)
        for child in ast.iter_child_nodes(node):
            yield from self._visit(child, names)

    def _errors_of_called(self, call: ast.Call, names: Bindings) -> Iterator[ErrorCode]:
        """Yield the errors of a function that is called with the code or the detail."""
        function = self._functions.get(name_of(call.func))
        if function is None:
            return
        arguments = [a for a in arguments_of(function) if a.arg not in ("self", "cls")]
        passed = dict(zip((a.arg for a in arguments), call.args, strict=False))
        passed |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        bound = {name: resolve(value, names) for name, value in passed.items()}
        for inner in calls_in(function):
            if uses_any(inner, set(bound)):
                yield from error_of(inner, names | assignments_in(function) | bound)


def default_code_of(node: ast.ClassDef) -> Iterator[ErrorCode]:
    """Yield the code of an error class that defines one."""
    for statement in node.body:
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        if (
            isinstance(statement, ast.Assign | ast.AnnAssign)
            and name_of(targets[0]) == "default_code"
            and isinstance(statement.value, ast.Constant)
            and statement.value.value != BASE_CODE
        ):
            bases = [node.name, *map(name_of, node.bases)]
            detail = first_line(ast.get_docstring(node))
            yield ErrorCode(str(statement.value.value), status_of(bases), detail)


def error_of(call: ast.Call, names: Bindings) -> Iterator[ErrorCode]:
    """Yield the error that a call makes, if its code is known."""
    code, status = code_of(call), status_of([name_of(call.func)])
    detail = call.args[0] if call.args else None
    if name_of(call.func) == "problem_response" and len(call.args) >= 4:
        code, detail = call.args[2:4]
        status = text_of(call.args[1], names)
    if code is not None and (text := text_of(code, names)) and text != INSERTED:
        yield ErrorCode(text, status, sentence_of(detail, names))


def sentence_of(detail: ast.expr | None, names: Bindings) -> str:
    """Return a detail; nothing if no word of it is known."""
    text = text_of(detail, names)
    return text.replace(f"{INSERTED}.", INSERTED) if text.strip(f"{INSERTED}. ") else ""


def code_of(call: ast.Call) -> ast.expr | None:
    """Return the expression that a call passes as `code`."""
    return next((keyword.value for keyword in call.keywords if keyword.arg == "code"), None)


def calls_in(node: ast.AST) -> Iterator[ast.Call]:
    """Yield every call in a piece of code."""
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))


def arguments_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    """Return the parameters of a function that have a name."""
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def assignments_in(node: ast.AST) -> Bindings:
    """Return what is assigned directly in a module or a function."""
    return {
        name_of(statement.targets[0]): statement.value
        for statement in ast.walk(node)
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and (not isinstance(node, ast.Module) or statement in node.body)
    }


def uses_any(call: ast.Call, names: set[str]) -> bool:
    """Return whether the code or the detail of a call is one of these names, or contains one."""
    parts = [part for part in (code_of(call), *call.args[:1]) if part is not None]
    return code_of(call) is not None and any(
        name_of(inner) in names for part in parts for inner in ast.walk(part)
    )


def resolve(node: ast.expr, names: Bindings) -> ast.expr:
    """Return what a name stands for; any other expression as it is."""
    return names.get(node.id, node) if isinstance(node, ast.Name) else node


def name_of(node: ast.AST | None) -> str:
    """Return the name of a variable, a function or an attribute."""
    return str(getattr(node, "id", getattr(node, "attr", "")))


def status_of(names: list[str]) -> str:
    """Return the HTTP status of the first of these error classes that has one."""
    for name in names:
        kind = getattr(errors, name, None)
        if kind in STATUS_BY_ERROR:
            return str(STATUS_BY_ERROR[kind])
    return ""


def text_of(node: ast.expr | None, names: Bindings | None = None) -> str:
    """Return a text, with `…` where a value is inserted that only the running service knows."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part, names) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return text_of(node.value, names) or INSERTED
    if isinstance(node, ast.Name) and node.id in (names or {}):
        others = {name: value for name, value in (names or {}).items() if name != node.id}
        return text_of((names or {})[node.id], others)
    return ""


def first_line(text: str | None) -> str:
    """Return the first paragraph of a docstring in one line."""
    return " ".join((text or "").partition("\n\n")[0].split())
