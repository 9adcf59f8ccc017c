"""Expressions that name a tensor: ``t``, ``in``, ``s(i)``."""

from __future__ import annotations

from dataclasses import replace

from symcost import syntax as s
from symcost.graph.scope import Family, Scope, Tag, Tensor
from symcost.graph.values import Evaluator, fail
from symcost.sizes.functions import FUNCTIONS
from symcost.sizes.shape import Shape
from symcost.source import nearest


def tensor(expr: s.Expr, scope: Scope) -> Shape:
    """The tensor an expression names: ``t``, ``in``, ``s(i)``."""
    found = maybe_tensor(expr, scope)
    if found is None:
        help_ = nearest(expr.span.text, scope.visible(Tensor, Family)) or "a tensor gets its name with 'as'"
        raise fail("tensor-needed", f"a tensor is needed here, not '{expr.span.text}'", expr.span, help_)
    return found


def maybe_tensor(expr: s.Expr, scope: Scope) -> Shape | None:
    """The same, nothing for an expression that names none."""
    if isinstance(expr, s.Ref) and len(expr.names) == 1:
        name = expr.names[0]
        if name == "in" and scope.entered is not None:
            scope.entry.asked = True
            return replace(scope.entered, tag=scope.entry)
        if name == "here" and scope.here is not None:
            scope.pointed = scope.pointed or Tag()
            return replace(scope.here, tag=scope.pointed)
        binding = scope.find(name)
        return binding.shape if isinstance(binding, Tensor) else None
    if isinstance(expr, s.Apply) and isinstance(expr.function, s.Ref) and len(expr.function.names) == 1:
        name = expr.function.names[0]
        family = scope.find(name)
        if isinstance(family, Family) and name not in FUNCTIONS and expr.args and len(expr.args) == 1:
            index = Evaluator(scope).size(expr.args[0].value)
            shape = family.at(index)
            if shape is None and family.unsure(index):
                message = f"it depends on the symbols which tensor '{name}({index})' is, or whether there is one"
                raise fail("unknown-name", message, expr.span, "state what is known of them with 'assume'")
            if shape is None:
                raise fail("unknown-name", f"there is no tensor '{name}({index})'", expr.span)
            return shape
    return None
