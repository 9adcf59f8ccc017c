"""The resolved network: names looked up, arguments bound, shapes inferred, conditions proved or recorded."""

from symcost.graph.checks import resolved, resolved_condition
from symcost.graph.elaborate import Argument, Program, attempted, instantiate, program
from symcost.graph.nodes import Graph, Leaf, Node, Repeat, Sequence

__all__ = [
    "Argument",
    "Graph",
    "Leaf",
    "Node",
    "Program",
    "Repeat",
    "Sequence",
    "attempted",
    "instantiate",
    "program",
    "resolved",
    "resolved_condition",
]
