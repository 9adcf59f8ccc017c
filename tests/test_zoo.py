"""The zoo: every figure asserted in its files holds, and the command line finds them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from symcost import zoo
from symcost.claims import check
from symcost.cli import cli
from symcost.fmt import formatted
from symcost.graph.modules import STD
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.facts import Condition
from symcost.source import Source, SymcostError

FAMILIES = zoo.families()
LIBRARY = [*sorted(STD.glob("*.arch")), *(zoo.path(name) for name in FAMILIES)]


@pytest.mark.parametrize("name", FAMILIES)
def test_asserts(name: str) -> None:
    """Parameters and FLOPs of PyTorch's models at every size they were counted at, and closed forms."""
    claims = list(check(zoo.load(name)))
    assert claims, f"{name}.arch asserts nothing"
    assert [str(diagnostic) for _, diagnostic in claims if diagnostic is not None] == []


@pytest.mark.parametrize("name", FAMILIES)
def test_conditions_say_something(name: str) -> None:
    """With every parameter of a net left open, each condition printed is broken at some sizes of its symbols."""
    random = Random(name)
    for net, binding in zoo.load(name)._program.nets().items():
        free = {p.name: p.name for p in binding.definition.params if p.default is None}
        try:
            domain = zoo.load(name).net(net, **free).domain
        except SymcostError as error:  # it wants numbers for some of them
            assert {d.code for d in error.diagnostics} & {"undecided", "no-closed-form", "unknown-name"}
            continue
        for condition in domain.requirements():
            assert any(condition.subs(point).holds() is False for point in points(condition, random)), condition


def points(condition: Condition, random: Random) -> Iterator[dict[Symbol, Size]]:
    """Values of the symbols of a condition, small ones first."""
    symbols = sorted(
        condition.size.symbols() | condition.divisor.symbols() | condition.guard.symbols(), key=lambda s: s.key
    )
    for most in (3, 8, 40, 300, 5000):
        for _ in range(500):
            ranges = [(int(s.low or 0), min(most, int(s.high or most))) for s in symbols]
            yield {
                s: Size.of(random.randint(low, max(low, high))) for s, (low, high) in zip(symbols, ranges, strict=True)
            }


@pytest.mark.parametrize("name", FAMILIES)
def test_figures_say_where_they_are_from(name: str) -> None:
    """A figure alone proves nothing: the model or the publication stands behind it, or above its group of asserts."""
    group, unsaid = "", []
    for line in zoo.path(name).read_text(encoding="utf-8").splitlines():
        claim, said, _ = line.partition("#")
        if not line.startswith("assert "):
            group = line
        elif re.search(r"(==|~) [\d.]+[kMGT]?\s*$", claim) and not said and not group.startswith("#"):
            unsaid.append(line)
    assert unsaid == []


@pytest.mark.parametrize("file", LIBRARY, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_layout(file: Path) -> None:
    """As `symcost fmt` writes it, with a comment on top."""
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert formatted(Source(file.name, text)) == text


def test_every_block_is_used() -> None:
    """A block that nothing uses is resolved by no test."""
    programs = [*LIBRARY, *(Path(__file__).parent / "data" / "programs").glob("*.arch")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in programs)
    said = re.sub(r"#.*|^import [\w.]+ \([^)]*\)", "", text, flags=re.M)
    blocks = re.findall(r"\bblock ([^\W\d]\w*)", said)
    assert [name for name in blocks if not re.search(rf"(?<!block )\b{name}(?![^\W\d])", said)] == []


def test_paths() -> None:
    assert zoo.path("vgg").name == "vgg.arch"
    with pytest.raises(SymcostError, match="no family 'vg'") as failure:
        zoo.path("vg")
    assert failure.value.diagnostics[0].help == "did you mean 'vgg'?"


def run(*args: str, **env: str) -> Result:
    return CliRunner(env=env).invoke(cli, ["zoo", *args])


def test_list() -> None:
    listed = dict(line.split(maxsplit=1) for line in run(COLUMNS="200").output.splitlines())
    assert tuple(listed) == FAMILIES
    assert listed["mobilenet"] == "mobilenet_v1, mobilenet_v2, mobilenet_v3_large, mobilenet_v3_small"


def test_family() -> None:
    shown = run("alexnet").output
    assert shown.startswith("AlexNet in one tower (Krizhevsky 2014")
    assert "\n  alexnet(classes=1000)\n" in shown
    assert shown.endswith("\n12 asserts\n")  # a closed form, the parameters, ten runs


def test_net_prints_as_show_does() -> None:
    net, at = "vgg(1, 1, 2, 2, 2, norm=true)", ("--set", "H=224,W=224,B=2", "--json")
    shown = CliRunner().invoke(cli, ["show", str(zoo.path("vgg")), "--net", net, *at])
    assert run("vgg", net, *at).output == shown.output
    costs = json.loads(shown.output)["costs"]
    assert (costs["parameters"]["value"], costs["FLOPs"]["value"]) == (
        "132868840",
        "30436360192",
    )  # torchvision's vgg11_bn


def test_parameters_left_out_stay_symbols() -> None:
    assert "L·(3·f + 2·d·g/h + 2·d + 2)" in run("llama", "llama", "-q").output


@pytest.mark.parametrize("args, code", [(["vg"], 1), (["vgg", "resnet"], 1), (["vgg", "--json"], 2)])
def test_refused(args: list[str], code: int) -> None:
    refused = run(*args)
    assert refused.exit_code == code
    assert refused.output
