"""What a layer's name stands for: a definition of the file, a kind of the library, or a mistake."""

from __future__ import annotations

import re
from functools import cache

from symcost import syntax as s
from symcost.files import read
from symcost.graph.merge import COMPOSITES
from symcost.graph.modules import STD
from symcost.graph.scope import RESERVED, BlockBinding, LayerBinding, Module, NetBinding, Scope
from symcost.graph.spelling import kind_of, split_name
from symcost.graph.values import fail
from symcost.layers.base import KINDS, Layer, slots
from symcost.source import Span, SymcostError, nearest

MERGE = re.compile(r"\b(add|mul|concat)\s+$")
ELSEWHERE = {  # what PyTorch, Keras and papers call a kind, in small letters and without `_`, `2d`
    "adaptiveavgpool": "gap",
    "adaptivemaxpool": "gmp",
    "averagepooling": "avgpool",
    "batchnorm": "bn",
    "batchnormalization": "bn",
    "cat": "concat",
    "concatenate": "concat",
    "convtranspose": "upconv",
    "crossattention": "attention",
    "deconv": "upconv",
    "dense": "fc",
    "depthwise": "dwconv",
    "depthwiseconv": "dwconv",
    "embedding": "embed",
    "fullyconnected": "fc",
    "globalaveragepooling": "gap",
    "globalavgpool": "gap",
    "globalmaxpooling": "gmp",
    "gn": "groupnorm",
    "interpolate": "upsample",
    "layernormalization": "layernorm",
    "ln": "layernorm",
    "maxpooling": "maxpool",
    "mha": "attention",
    "multiheadattention": "attention",
    "permute": "transpose",
    "positionalencoding": "posenc",
    "selfattention": "attention",
    "skip": "residual",
    "upsampling": "upsample",
}
RESHAPES = ("rearrange", "reshape", "unflatten", "view")
RESHAPED = (
    "flatten, tokens, grid and transpose move sizes; a layer of your own does the rest, as 'unflatten' in the manual"
)

Found = tuple[BlockBinding | LayerBinding, tuple[int, ...]]


def defined(call: s.Call, scope: Scope) -> Found | None:
    """The block or layer a file or an import defines by this name, with the number glued to it taken off."""
    where = scope
    for part in call.name[:-1]:
        module = where.find(part)
        if not isinstance(module, Module):
            span = Span(call.span.source, call.span.start, call.span.start + len(part))
            help_ = nearest(part, scope.visible(Module))
            if help_ is None and (STD / f"{part}.arch").exists():
                help_ = f"import it first: import std.{part}"
            raise fail("unknown-name", f"'{part}' is no imported module", span, help_)
        where = module.scope
    last = call.name[-1]
    lower = last.lower()
    for name in (last,) if last == lower else (last, lower):
        binding = where.find_layer(name)
        if binding is not None:
            return binding, ()
        parts = split_name(name)
        binding = where.find_layer(parts[0]) if parts else None
        if parts and binding is not None:
            return binding, parts[1]
    if len(call.name) > 1:
        known = where.visible(BlockBinding, LayerBinding)
        raise fail("unknown-layer", f"unknown layer '{call.text}'", call.span, nearest(last, known))
    return None


def library_kind(call: s.Call, scope: Scope) -> tuple[type[Layer], tuple[int, ...]]:
    found = kind_of(call.text)
    if found is not None:
        return found
    known = {*KINDS, *COMPOSITES, *scope.visible(LayerBinding, BlockBinding)}
    parts = split_name(call.text)
    help_ = _elsewhere(call.text) or nearest(call.text, known) or (nearest(parts[0], known) if parts else None)
    before = _before(call)
    if before[-1:].isdigit():
        number = re.search(r"[\d.]+$", before)
        help_ = f"a product needs a sign, in parentheses: ({number[0] if number else ''}*{call.text})"
    elif merge := MERGE.search(before):
        help_ = f"tensors stand in parentheses: {merge[1]}({call.text})"
    elif call.text == "x":
        help_ = "a repeat has a count: x 3, x n"
    elif call.text in RESERVED:
        help_ = f"'{call.text}' is a word of the language, and no layer"
    if isinstance(scope.find(call.text), NetBinding):
        help_ = f"'{call.text}' is a net; ask for its costs: assert {call.text}.params == ..."
    help_ = help_ or "'symcost layers' lists them"
    span = call.span
    width = len(call.text) if span.text.startswith(call.text) else len(span.text)
    raise fail(
        "unknown-layer", f"unknown layer '{call.text}'", Span(span.source, span.start, span.start + width), help_
    )


def _elsewhere(name: str) -> str | None:
    """What a kind is called here that others call otherwise, or where the standard library has a block of that name."""
    module = _standard().get(name)
    if module is not None:
        return f"import it first: import std.{module} ({name})"
    parts = re.fullmatch(r"(.*?)_?([123]d)?(?:\d[\dx]*)?", name.lower())
    plain = parts[1].replace("_", "") if parts else ""
    if plain in RESHAPES:
        return RESHAPED
    own = ELSEWHERE.get(plain) or (plain if plain in KINDS else None)
    axes = "; it takes its axes from the tensor" if parts and parts[2] else ""
    return f"it is called '{own}' here{axes}" if own else None


@cache
def _standard() -> dict[str, str]:
    """The blocks and layers of the standard library, each with its module."""
    heads = re.compile(r"^(?:shared )?(?:block|layer) ([^\W\d]\w*)", re.MULTILINE)
    return {name: path.stem for path in sorted(STD.glob("*.arch")) for name in heads.findall(read(path))}


def follows_merge(call: s.Call) -> bool:
    """Whether a name stands behind ``concat`` or the like, where it was meant as a tensor."""
    return MERGE.search(_before(call)) is not None


def _before(call: s.Call) -> str:
    """The end of what stands in front of a name."""
    return call.span.source.text[max(0, call.span.start - 80) : call.span.start]


def check_name(head: s.Head) -> None:
    """Defining ``conv3`` would change what ``conv3`` means."""
    parts = split_name(head.name)
    if not parts or head.name in KINDS or parts[0] not in KINDS:
        return
    if any(x.place == "head" for x in slots(KINDS[parts[0]])):
        message = f"'{head.name}' would be read as {parts[0]}({' x '.join(map(str, parts[1]))})"
        raise fail("name-ends-in-number", message, head.span, "choose a name that does not end in a number")


def unknown_setting(item: s.Set) -> SymcostError:
    path = item.path if isinstance(item.path, tuple) else (item.path,)
    kinds = {KINDS[n].kind: KINDS[n] for n in sorted(KINDS)}
    if len(path) == 2 and path[0] in kinds:
        known = [slot.name for slot in slots(kinds[path[0]])]
        help_ = nearest(path[1], known) or (f"options: {', '.join(known)}" if known else None)
    elif len(path) == 2:
        help_ = nearest(path[0], kinds)
    else:
        help_ = nearest(path[0], {"batch", "strict", "form", *(x.name for k in kinds.values() for x in slots(k))})
        help_ = help_ or "settings are the options of layers, batch, form and strict"
    return fail("unknown-setting", f"no layer has the setting '{'.'.join(path)}'", item.span, help_)
