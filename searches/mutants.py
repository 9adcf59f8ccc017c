"""Mutants of a source file: one operator, number, word or condition of one function changed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from types import CodeType
from typing import Any

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_CALLED = {"min": "max", "any": "all", "floor": "ceil", "minimum": "maximum", "upper": "lower", "gcd": "lcm"}
_CALLED |= {other: name for name, other in _CALLED.items()}


@dataclass(frozen=True)
class Change:
    """A change of a syntax tree, how to undo it, and what stands there."""

    do: Callable[[], None]
    undo: Callable[[], None]
    shown: Callable[[], str]


@dataclass(frozen=True)
class Mutant:
    """One change in one function: where, and what stands there before and after."""

    file: str  # below the package
    function: str  # its qualified name
    line: int
    before: str
    after: str
    code: CodeType = field(compare=False, repr=False)  # of the function

    @property
    def name(self) -> str:
        return f"{self.file}: {self.function}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Site:
    """A change that can be made in a function of a file."""

    file: Mutated
    function: str
    line: int
    change: Change

    def mutant(self) -> Mutant:
        before = self.change.shown()
        self.change.do()
        after = self.change.shown()
        code = self.file.compiled(self.function)
        self.change.undo()
        return Mutant(self.file.name, self.function, self.line, before, after, code)


@dataclass(frozen=True)
class Mutated:
    """A file whose functions can be changed."""

    path: Path
    package: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(self.package).as_posix()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    def sites(self) -> Iterator[Site]:
        """Every change in every function, those of nested functions under the outermost one."""
        for name, function in _functions(self.tree, ""):
            for node in _inside(function):
                line = getattr(node, "lineno", function.lineno)
                yield from (Site(self, name, line, change) for change in _changes(node))

    def compiled(self, name: str) -> CodeType:
        """The code of a function as the tree is now."""
        todo = [compile(self.tree, str(self.path), "exec")]
        while todo:
            code = todo.pop()
            if code.co_qualname == name:
                return code
            todo += [c for c in code.co_consts if isinstance(c, CodeType)]
        raise LookupError(name)


_Function = ast.FunctionDef | ast.AsyncFunctionDef
_PROMISED = ast.Assert | ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom | ast.Global | ast.arg


def _functions(tree: ast.Module | ast.ClassDef, outer: str) -> Iterator[tuple[str, _Function]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{outer}{node.name}.")
        elif isinstance(node, _Function):
            yield f"{outer}{node.name}", node


def _inside(function: _Function) -> Iterator[ast.AST]:
    """What is run of a function: not its docstring, what it asserts of itself, annotations, or the words of messages."""
    todo: list[ast.AST] = list(function.body)
    if isinstance(todo[0], ast.Expr) and isinstance(todo[0].value, ast.Constant):
        del todo[0]
    while todo:
        node = todo.pop()
        if isinstance(node, _PROMISED) or (isinstance(node, ast.keyword) and node.arg == "strict"):
            continue
        yield node
        if isinstance(node, ast.AnnAssign):
            todo += [node.value] if node.value else []
        elif isinstance(node, _Function):
            todo += [node.args, *node.body]
        elif isinstance(node, ast.MatchValue) and isinstance(node.value, ast.UnaryOp):
            todo.append(node.value.operand)  # a pattern may say -1 and may not say +1
        else:
            todo += ast.iter_child_nodes(node)


def _changes(node: ast.AST) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=ops):
            for i, op in enumerate(ops):
                yield _item(node, ops, i, _COMPARED[type(op)]())
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in _CALCULATED:
            yield _field(node, "op", _CALCULATED[type(op)]())
        case ast.BoolOp(op=op, values=values):
            yield _field(node, "op", ast.And() if isinstance(op, ast.Or) else ast.Or())
            if len(values) > 2:
                for i in range(len(values)):
                    yield _field(node, "values", values[:i] + values[i + 1 :])
        case ast.UnaryOp(op=ast.USub()):
            yield _field(node, "op", ast.UAdd())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield _field(node, "operand", _negated(operand))
        case ast.Constant(value=bool(value)):
            yield _field(node, "value", not value)
        case ast.Constant(value=int(value)):
            yield _field(node, "value", value + 1)
        case ast.Constant(value=str(value)) if value and " " not in value and value.isprintable():
            yield _field(node, "value", f"{value}?")
        case ast.Call(func=ast.Name(id=name) as called) if name in _CALLED:
            yield _field(called, "id", _CALLED[name], node)
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield _field(node, "test", _negated(test))
        case ast.comprehension(ifs=[_, *_] as ifs):
            for i in range(len(ifs)):
                yield _field(node, "ifs", ifs[:i] + ifs[i + 1 :])
        case ast.Return(value=ast.AST()):
            yield _field(node, "value", ast.Constant(None, lineno=node.lineno, col_offset=0))
    for name in ("body", "orelse"):
        found = getattr(node, name, None)
        statements: list[Any] = found if isinstance(found, list) else []
        for i, statement in enumerate(statements):
            if isinstance(statement, ast.Expr | ast.AugAssign | ast.Continue | ast.Break):
                yield _item(node, statements, i, ast.Pass(lineno=statement.lineno, col_offset=0), statements)


def _negated(test: ast.expr) -> ast.UnaryOp:
    return ast.UnaryOp(ast.Not(), test, lineno=test.lineno, col_offset=0)


def _shown(node: ast.AST) -> str:
    """Its first line: what stands in a block is not what changes."""
    return ast.unparse(node).strip().partition("\n")[0]


def _field(node: ast.AST, name: str, value: object, around: ast.AST | None = None) -> Change:
    before = getattr(node, name)
    shown = partial(_shown, around or node)
    return Change(partial(setattr, node, name, value), partial(setattr, node, name, before), shown)


def _item(node: ast.AST, items: list[Any], index: int, value: ast.AST, alone: list[Any] | None = None) -> Change:
    before = items[index]
    shown = partial(_shown, node) if alone is None else lambda: _shown(alone[index])
    return Change(partial(items.__setitem__, index, value), partial(items.__setitem__, index, before), shown)
