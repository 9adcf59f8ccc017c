"""Whole processes, from their start to their end, the parser's table and the bytecode in their caches."""

from __future__ import annotations

from pathlib import Path

from measure import Line, best, process, program, run
from networks import RESNET_152, VGG, resnet_152_written

IMPORT = "import sympy"


def lines(rounds: int) -> list[Line]:
    with program(RESNET_152) as blocks, program(resnet_152_written()) as written:
        found = _commands(blocks, written, rounds)
    return [*found, *_start(rounds)]


def _commands(blocks: str, written: str, rounds: int) -> list[Line]:
    acts = {
        "": process("-c", IMPORT),
        "ResNet-152 in blocks, its formulas": process("-m", "symcost", blocks, "-q"),
        "ResNet-152 written out, its formulas": process("-m", "symcost", written, "-q"),
        "ResNet-152 written out, with a table of 515 layers": process("-m", "symcost", written),
        "ResNet-152 written out, as JSON": process("-m", "symcost", written, "--json"),
        "ResNet-152 written out, as a SymPy expression": process(
            "-c", f"import symcost; symcost.load({written!r}).macs.expr"
        ),
        "VGG-16, with its table": process("-m", "symcost", VGG),
        "VGG-16, its asserts": process("-m", "symcost", "check", VGG),
        "VGG-16, formatted": process("-m", "symcost", "fmt", "-", given=Path(VGG).read_text(encoding="utf-8")),
    }
    for act in acts.values():  # fills the caches
        act()
    times = dict(zip(acts, best(acts.values(), rounds), strict=True))
    sympy = times.pop("")
    most = {name: 1.5 for name in times if name.endswith("its formulas")}
    return [Line(name, time, f"python -c '{IMPORT}'", sympy, most=most.get(name)) for name, time in times.items()]


def _start(rounds: int) -> list[Line]:
    broken = ("-m", "symcost", "input 3@8x8 conv3-(")
    acts = (process("-c", "import symcost"), process("-m", "symcost", "--help"), process(*broken))
    for act in acts:
        act()
    imported, helped, refused = best(acts, rounds)
    modules = run("-X", "importtime", *broken).stderr.decode().split()
    return [
        Line("import symcost", imported, most=0.06),
        Line("symcost --help", helped, most=0.12),
        Line(
            "a syntax error",
            refused,
            note="imports SymPy" if "sympy" in modules else "no SymPy",
            wrong="sympy" in modules,
        ),
    ]
