"""The shape of the project: what may import what. Data flows one way, and imports follow it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import symcost

ROOT = Path(symcost.__file__).parent

# Text, syntax, sizes, layers, graph, counts, prices, formulas, the public face, its renderings, the command line. A module
# imports what stands before it, never what stands behind it; a package stands at one place and is ordered inside by itself.
ORDER = """
    record interruption source limiting display syntax mistakes parser fmt files ops sizes latex_formula layers depth
    graph entries widths tally conventions evaluate counterexamples prove forms signs growth comparison domain invert
    flow emit cost architecture claims sweep proving difference explain training memory receptive parallel outline derive
    zoo catalogue render plot editors cli notebook __main__
""".split()  # noqa: SIM905

# Imports against the order, or against the order inside a package: all of them inside functions, each for a reason.
AGAINST = {
    ("architecture", "claims"): "a metric is an expression in which costs are names",
    ("architecture", "derive"): "a network shows how a cost of it comes about",
    ("architecture", "render.document"): "a network makes its own table",
    ("cost", "claims"): "a budget and a speed are figures, such as 4G",
    ("cost", "render.figures"): "a cost writes itself with an SI prefix",
    ("display", "render.notebook"): "a result shows itself in a notebook",
    ("cost", "plot"): "a cost draws itself",
    ("cost", "proving"): "a claim about a cost is asked of the cost",
    ("derive", "render.derivation"): "a derivation writes itself",
    ("render.document", "render.terminal"): "a document is rendered in any form by its name",
    ("sizes.atoms", "sizes.rounding"): "an atom is rebuilt after substitution, in canonical form",
    ("sizes.atoms", "sizes.functions"): "an atom is rebuilt after substitution, in canonical form",
    ("sizes.atoms", "sizes.sums"): "an atom is rebuilt after substitution, in canonical form",
    ("sizes.atoms", "sizes.bounds"): "2^n/2^t is an integer where t <= n",
    ("sizes.atoms", "sizes.notation"): "a size has a repr",
    ("sizes.atoms", "sizes.bridge"): "a size is understood by SymPy",
    ("sizes.rounding", "sizes.facts"): "a rounding between two integers is that integer",
}

LIBRARIES = {
    "matplotlib": {"plot.axes", "plot.files", "plot.style"},
    "pygments": {"editors.pygments_lexer"},
    "pygls": {"editors.server"},
    "lsprotocol": {"editors.server"},
    "IPython": {"notebook"},
    "numpy": {"emit.compiled", "emit.function", "sweep"},
    "numba": {"emit.compiled"},
    "duckdb": {"cli.emitting"},
    "lark": {"parser", "fmt", "latex_formula"},  # fmt walks the parse tree
    "sympy": {"sizes.bridge", "cost"},
    "click": {
        "cli.app",
        "cli.counting",
        "cli.deriving",
        "cli.editing",
        "cli.emitting",
        "cli.growing",
        "cli.networks",
        "cli.plotting",
        "cli.programs",
        "cli.proving",
        "cli.reading",
        "cli.reporting",
        "cli.training",
        "cli.verifying",
        "cli.writing",
        "notebook",
    },
    "rich": {
        "cli.verifying",
        "cli.writing",
        "render.causes",
        "render.conventions",
        "render.derivation",
        "render.growth",
        "render.kinds",
        "render.memory",
        "render.notebook",
        "render.proofs",
        "render.readings",
        "render.terminal",
        "render.tree",
    },
}


@dataclass(frozen=True)
class Import:
    """One import of a module: the module it is in, what it brings, and whether it waits inside a function."""

    importer: str
    imported: str
    lazy: bool
    line: int

    @property
    def ours(self) -> bool:
        return self.imported in MODULES

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def _imports(module: str) -> Iterator[Import]:
    """All of a module but those for the type checker, which never happen."""
    todo: list[tuple[ast.AST, bool]] = [(MODULES[module], False)]
    while todo:
        node, lazy = todo.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (Import(module, _short(alias.name), lazy, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found = whole if _short(whole) in MODULES else str(node.module)
                yield Import(module, _short(found), lazy, node.lineno)
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        todo += [(child, inside) for child in ast.iter_child_nodes(node)]


def _short(name: str) -> str:
    return name.removeprefix("symcost.") if name != "symcost" else ""


IMPORTS = [found for module in MODULES for found in _imports(module)]
OURS = [found for found in IMPORTS if found.ours]


def _place(module: str) -> int:
    return ORDER.index(module.partition(".")[0])


def test_every_module_has_its_place() -> None:
    assert {name.partition(".")[0] for name in MODULES} - {""} == set(ORDER)


def test_direction() -> None:
    """Imports go from left to right in the order, those inside functions too unless they are listed."""
    wrong = [
        found
        for found in OURS
        if found.imported and found.importer and _place(found.imported) > _place(found.importer)
        if (found.importer, found.imported) not in AGAINST or not found.lazy
    ]
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize(
    "package", ["sizes", "layers", "graph", "render", "growth", "memory", "plot", "emit", "conventions"]
)
def test_no_cycle_in_a_package(package: str) -> None:
    """Inside a package too there is an order, though nobody wrote it down."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for found in OURS:
        inside = found.importer.startswith(f"{package}.") and found.imported.startswith(f"{package}.")
        if inside and (found.importer, found.imported) not in AGAINST:
            sorter.add(found.importer, found.imported)
    sorter.prepare()


def test_exceptions_are_needed() -> None:
    """An exception nobody uses any more is struck from the list."""
    assert set(AGAINST) == {(f.importer, f.imported) for f in OURS if f.lazy} & set(AGAINST)


def test_lazy_imports_are_needed() -> None:
    """What a module has imported at its head it does not import again in a function."""
    head = {(found.importer, found.imported) for found in IMPORTS if not found.lazy}
    assert not [str(f) for f in IMPORTS if f.lazy and f.imported != "" and (f.importer, f.imported) in head]


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries(library: str) -> None:
    found = {f.importer for f in IMPORTS if f.imported.partition(".")[0] == library}
    assert found == LIBRARIES[library]


def test_dependencies() -> None:
    """Nothing is imported but the standard library and the libraries the project declares, for itself or as extras."""
    import sys

    outside = {f.imported.partition(".")[0] for f in IMPORTS if not f.ours} - {""}
    assert outside - sys.stdlib_module_names == set(LIBRARIES)


def test_layers_know_no_price() -> None:
    """A kind counts operations. What they cost, how they are written and where they stand is none of its business."""
    allowed = {"layers", "sizes", "ops", "source", "record"}
    wrong = [f for f in OURS if f.importer.startswith("layers") and f.imported.partition(".")[0] not in allowed]
    assert not wrong, "\n".join(map(str, wrong))


EVALUATES = {"eval", "exec", "compile", "sympify", "parse_expr", "lambdify", "S", "__import__", "loads"}


def test_text_is_never_evaluated() -> None:
    """No program text reaches an evaluator: `sympify` has one place, where it is strict, and reads no text."""
    found = []
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called.rpartition(".")[2] in EVALUATES and called not in ("re.compile", "tomllib.loads"):
                    found.append((module, ast.unparse(node)))
    assert found == [("sizes.bridge", "sympy.sympify(expr, strict=True)")]
