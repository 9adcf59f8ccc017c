"""A call as written, matched to the arguments its kind declares."""

from __future__ import annotations

from symcost import syntax as s
from symcost.graph.plain import Arguments
from symcost.graph.scope import Scope, Setting
from symcost.graph.tensors import maybe_tensor
from symcost.graph.values import DECIDE, Evaluator, fail
from symcost.layers.base import KINDS, Layer, Slot, Slots, Value, slots
from symcost.sizes.atoms import Size
from symcost.source import Span, SymcostError, nearest


def bind(
    call: s.Call, kind: type[Layer], glued: tuple[int, ...], scope: Scope, second: tuple[s.Arg, ...] = ()
) -> Arguments:
    """Match a call of a library kind: slots, options, settings of the place where it is written.

    Raises `SymcostError` for what does not fit; defaults are left to the kind.
    """
    found = Arguments()
    declared = slots(kind)
    written = match(call, glued, declared, kind.kind, second)
    settings = scope.settings
    for slot in declared:
        if slot.name in written:
            value, span = written[slot.name]
            found.values[slot.name] = _value(value, slot, kind.kind, scope, span)
            found.spans[slot.name] = span
            continue
        setting = settings.get((kind.kind, slot.name)) if settings else None
        if settings and setting is None and _fits(settings.get((slot.name,)), slot):
            setting = settings[(slot.name,)]
        if setting is not None:
            found.values[slot.name] = setting_value(setting, slot, kind.kind, scope, call.span)
        elif slot.default is None:
            raise _missing(slot, call, kind.kind)
    return found


def _fits(setting: Setting | None, slot: Slot) -> bool:
    """Whether a setting for all layers means this argument: a word only where that word is taken."""
    match setting:
        case None:
            return False
        case bool():
            return slot.flag
        case str():
            return setting in slot.words
    return slot.sizes


Written = dict[str, tuple[s.Expr | Value, Span]]


def match(call: s.Call, glued: tuple[int, ...], declared: Slots, name: str, second: tuple[s.Arg, ...] = ()) -> Written:
    """Which argument each thing written is, by place or by name."""
    head = declared.head if declared.width or declared.stride else [*declared.head, *declared.options]
    written: Written = {}

    def put(slot: Slot, value: s.Expr | Value, span: Span) -> None:
        if slot.name in written:
            raise fail("given-twice", f"'{slot.name}' of '{name}' is given twice", span)
        written[slot.name] = (value, span)

    if glued:
        if not head or not head[0].sizes:
            raise fail("no-such-slot", f"'{name}' takes no number behind its name", call.span)
        sizes = tuple(Size.of(n) for n in glued)
        put(head[0], sizes if len(sizes) > 1 else sizes[0], call.span)
    for place, sign, value in ((declared.width, "-", call.width), (declared.stride, "/", call.stride)):
        if value is not None:
            if place is None:
                what = "width" if sign == "-" else "stride"
                raise fail("no-such-slot", f"'{name}' has no {what}, so nothing stands behind '{sign}'", value.span)
            put(place, value, value.span)
    for args, order in ((call.head, head[1:] if glued else head), (call.options, declared.options)):
        if not args:
            continue
        places = iter(order)
        for arg in args:
            if arg.name is None:
                slot = next(places, None)
                if slot is None:
                    help_ = _options(declared)
                    if args is call.head and declared.head and declared.head[0].sizes and len(args) > 1:
                        help_ = f"sizes for several axes are joined by x, as in {name}(3 x 5); options have names"
                    raise fail("too-many", f"'{name}' takes no further argument", arg.span, help_)
            else:
                slot = declared.by_name.get(arg.name)
                if slot is None:
                    raise fail(
                        "unknown-option",
                        f"'{name}' has no option '{arg.name}'",
                        _name_span(arg),
                        _near(arg.name, declared),
                    )
            put(slot, arg.value, arg.span if arg.name is None else arg.value.span)
    for arg in second:  # `x n(s=1)`: from the second turn on
        if arg.name is None or arg.name not in declared.by_name:
            raise fail(
                "unknown-option", f"'{name}' has no option '{arg.name or arg.span.text}'", arg.span, _options(declared)
            )
        written[arg.name] = (arg.value, arg.value.span)
    return written


def _name_span(arg: s.Arg) -> Span:
    return Span(arg.span.source, arg.span.start, arg.span.start + len(arg.name or " "))


def _near(name: str, declared: Slots) -> str | None:
    near = nearest(name, [x.name for x in declared])
    options = _options(declared)
    return f"{near} {options}" if near and options else near or options


def _options(declared: Slots) -> str | None:
    return f"options: {', '.join(x.name for x in declared)}" if declared else None


def _missing(slot: Slot, call: s.Call, kind: str) -> SymcostError:
    name, rest = call.text, call.span.text.removeprefix(call.text)
    if slot.place == "width":
        return fail("missing-width", f"'{kind}' needs a width: {name}-{slot.name}", call.span)
    rest = rest.partition("(")[0]  # what stands there is not this argument
    written = f"{name}({slot.name}){rest if len(rest) < 20 else ''}"
    return fail("missing-argument", f"'{kind}' needs '{slot.name}': {written}", call.span)


def _value(value: s.Expr | Value, slot: Slot, kind: str, scope: Scope, span: Span) -> Value:
    """Evaluate one argument as what its slot takes: a word, a truth, a size, one size for each axis."""
    if not isinstance(value, s.Node):
        return value
    if isinstance(value, s.Number) and slot.sizes:
        return Size.of(value.value)
    evaluator = Evaluator(scope)
    if slot.name in KINDS[kind].tensors and (shape := maybe_tensor(value, scope)) is not None:
        return shape
    if isinstance(value, s.Ref) and len(value.names) == 1:
        word = value.names[0]
        if word in slot.words:
            return word == "true" if slot.flag else word
        if slot.words and scope.find(word) is None:
            words = ", ".join(slot.words)
            other = " or a size" if slot.sizes else ""
            help_ = nearest(word.lower(), slot.words)
            raise fail("bad-value", f"'{slot.name}' of '{kind}' is one of {words}{other}, not '{word}'", span, help_)
    if slot.flag:
        truth = evaluator.truth(value)
        if truth is None:
            raise fail("undecided", f"cannot decide '{value.span.text}'", span, DECIDE)
        return truth
    if not slot.sizes:
        words = ", ".join(slot.words)
        raise fail("bad-value", f"'{slot.name}' of '{kind}' is one of {words}", span, nearest(span.text, slot.words))
    return evaluator.axes(value)


def setting_value(setting: Setting, slot: Slot, kind: str, scope: Scope, span: Span) -> Value:
    return _value(setting, slot, kind, scope, span)
