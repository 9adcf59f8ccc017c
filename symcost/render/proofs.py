"""A claim and what came of it: for the terminal, as LaTeX, Markdown and JSON."""

from __future__ import annotations

import json
from fractions import Fraction

from rich.console import Console
from rich.text import Text

from symcost import __version__
from symcost.proving import Proof
from symcost.render.json import SCHEMA
from symcost.render.latex import Equation, equations, escaped, inline, needing
from symcost.render.lines import LINE, width
from symcost.render.terminal import entry, spelling_of
from symcost.sizes.atoms import Rational, Size
from symcost.sizes.notation import Spelling, latex_name, text

COLOURS = {"proved": "green", "refuted": "red", "not decided": "yellow"}


def show(proof: Proof, console: Console) -> None:
    """Print the verdict, how it was found, and where the two sides differ."""
    spelling = spelling_of(console)
    verdict = Text(proof.verdict, style=f"bold {COLOURS[proof.verdict]}")
    console.print(Text.assemble(verdict, Text(f"  {' '.join(proof.claim.split())}")), soft_wrap=True)
    console.print()
    for label, written in _lines(proof, spelling).items():
        entry(console, label, written, 10)


def _lines(proof: Proof, spelling: Spelling) -> dict[str, str]:
    lines = {"how": proof.how.removeprefix("not decided: ")}
    if proof.witness:
        lines["at"] = at(proof)
    if proof.values is not None:
        lines["there"] = f"{spelled(proof.values[0], spelling)} and {spelled(proof.values[1], spelling)}"
    lines["left"] = proof.left.text(spelling)
    if proof.verdict == "refuted" and proof.difference != 0:
        lines["difference"] = proof.difference.text(spelling)
    if proof.conditions:
        lines["where"] = ", ".join(proof.conditions)
    return lines


def spelled(value: Rational, spelling: Spelling) -> str:
    return text(Size.of(value), spelling)


def at(proof: Proof) -> str:
    return ", ".join(f"{name} = {value}" for name, value in (proof.witness or {}).items())


def latex(proof: Proof) -> str:
    """The two sides and what came of the claim: a sentence, or an `align*` where they are long."""
    left, right = (side.latex() for side in (proof.left, proof.right))
    told = f"{proof.verdict} ({escaped(proof.how)})"
    rows = [Equation(r"\text{left}", "=", left), Equation(r"\text{right}", "=", right)]
    short = width(left) + width(right) < LINE / 3
    if proof.witness:
        point = ", ".join(f"{latex_name(n)} = {v}" for n, v in proof.witness.items())
        told = f"first at {inline(point)}"
        if short:
            return needing([f"${left}$ and ${right}$ differ by {inline(proof.difference.latex())}, {told}."])
        rows.append(Equation(r"\text{difference}", "=", proof.difference.latex()))
    elif short:
        return needing([f"${left}$ and ${right}$: {told}."])
    return needing([*equations(rows), rf"\noindent {told[0].upper()}{told[1:]}."])


def markdown(proof: Proof) -> str:
    lines = [f"| {proof.verdict} | `{' '.join(proof.claim.split())}` |", "| :--- | :--- |", f"| how | {proof.how} |"]
    if proof.witness:
        lines += [f"| at | {at(proof)} |", f"| difference | ${proof.difference.latex()}$ |"]
    lines += ["| where | " + c.replace("|", r"\|") + " |" for c in proof.conditions]
    return "\n".join(lines) + "\n"


def page(proof: Proof) -> str:
    """One JSON document; exact numbers as strings."""
    data = {
        "schema": SCHEMA,
        "symcost": __version__,
        "claim": proof.claim,
        "verdict": proof.verdict,
        "how": proof.how,
        "left": str(proof.left),
        "right": str(proof.right),
        "difference": str(proof.difference),
        "witness": None if proof.witness is None else {n: str(v) for n, v in proof.witness.items()},
        "smallest": proof.smallest,
        "values": None if proof.values is None else [str(Fraction(v)) for v in proof.values],
        "conditions": list(proof.conditions),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
