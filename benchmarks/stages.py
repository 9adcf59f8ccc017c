"""Where the time of one cold start goes: ResNet-152 written out, from Python's start to the printed formulas."""

from __future__ import annotations

import json

from measure import Line, program, run
from networks import resnet_152_written

CHILD = """
import sys
from io import StringIO
from time import process_time as clock

marks = [("Python itself", clock())]
def reached(name): marks.append((name, clock()))

import symcost.cli
reached("the command line: click and our commands")
import lark
reached("Lark")
from symcost.parser import parse
parse("input 1@1")
reached("the grammar's table")
import symcost.architecture, symcost.conventions, symcost.layers
reached("our other modules")
with open(sys.argv[1]) as file:
    tree = parse(file.read())
reached("parsing the text")
net = symcost.architecture.network(tree)
reached("shapes and conditions")
net.params
reached("operations of every layer, added up")
net.macs, net.flops, net.activations
reached("costs by convention")
from symcost.render.terminal import plain, show
reached("Rich")
from symcost.render.document import Document
show(Document(net, "net"), plain(StringIO()))
reached("names for the rounded sizes, formulas as text")

import json
print(json.dumps(marks))
"""


def lines(rounds: int) -> list[Line]:
    """What each stage takes, the smallest of several starts, and its share of them all."""
    taken: dict[str, float] = {}
    with program(resnet_152_written()) as path:
        for _ in range(rounds + 1):
            before = 0.0
            for name, clock in json.loads(run("-c", CHILD, path).stdout):
                taken[name] = min(taken.get(name, clock), clock - before)
                before = clock
    whole = sum(taken.values())
    return [Line(name, time, note=f"{time / whole:.0%}") for name, time in taken.items()]
