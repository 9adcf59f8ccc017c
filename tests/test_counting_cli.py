"""The commands diff, explain and conventions: what they print where, and their exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from test_cli import ok, run

import symcost
from symcost.conventions import convention, names

CHAIN = "input 3@8x8  conv3-4 bn relu gap fc-5"
OPEN = "input C@X x X  conv3-8 bn relu"
RESNET = ("zoo/resnet", "--net", "resnet(3, 4, 6, 3)", "--set", "H=224,W=224,B=1")
VIT = ("zoo/vit", "--net", "vit(16, 12, 768, 12)", "--set", "H=224,W=224,B=1")
GPT = ("zoo/gpt", "--net", "gpt2(L, d, h, V)")
BOTH = ("--convention", "fvcore", "--convention", "thop")

SHOWN = {
    "diff-numbers": ("diff", *RESNET, "--convention", "exact", "--convention", "calflops"),
    "diff-layers": ("diff", *RESNET, *BOTH, "--layers"),
    "diff-attention": ("diff", *VIT, *BOTH),
    "diff-formulas": ("diff", *GPT, *BOTH, "--layers"),
    "diff-networks": ("diff", CHAIN, "input 3@8x8 conv5-4", "--convention", "flops"),
    "diff-nothing": ("diff", CHAIN, "--convention", "macs", "--convention", "macs"),
    "explain": ("explain", *RESNET, "--value", "4.11G", "--all"),
    "explain-nearest": ("explain", *VIT, "--value", "16.9G"),
    "conventions": ("conventions",),
    **{f"conventions-{name}": ("conventions", name) for name in names()},
}


@pytest.mark.parametrize("args", SHOWN.values(), ids=SHOWN)
def test_fits(args: tuple[str, ...]) -> None:
    """80 columns, no blanks at the ends of lines, nothing but text."""
    shown = ok(*args, COLUMNS="80")
    assert shown.endswith("\n") and not shown.endswith("\n\n")
    for line in shown.splitlines():
        assert len(line) <= 80 or " " not in line.strip(), line
        assert line == line.rstrip(), repr(line)
    assert not re.search(r"\x1b|Cost\(|None|<symcost", shown)


# ------------------------------------------------------------------------------------------------------------ diff


def test_diff_of_conventions() -> None:
    shown = ok("diff", CHAIN, "--convention", "exact", "--convention", "fvcore").replace("\xa0", " ").splitlines()
    net = symcost.parse(CHAIN)
    assert shown[0] == "exact - fvcore@0.1.5"
    figures = {line.split("  ")[0]: line for line in shown[2:5]}
    for label, value in (("exact", net.cost("exact")), ("fvcore@0.1.5", net.cost("fvcore"))):
        assert figures[label].replace(" ", "").startswith(f"{label}{int(value)}")
    assert any(line.startswith("bn ") and "fvcore@0.1.5: batch normalisation" in line for line in shown)


def test_diff_of_networks() -> None:
    shown = ok("diff", CHAIN, "input 3@8x8 conv5-4", "--convention", "macs")
    assert [line.split()[0] for line in shown.splitlines() if line] == [
        "<program>",
        "first",
        "second",
        "difference",
        "conv",
        "fc",
    ]


def test_diff_says_each_side() -> None:
    """What each of two conventions says of a kind begins a line."""
    shown = ok("diff", *VIT, *BOTH, COLUMNS="80")
    starts = [line.split()[0] for line in shown.splitlines() if "@" in line and ":" in line]
    assert starts[-1] == "thop@0.1.1:"


def test_diff_layers() -> None:
    found = ok("diff", CHAIN, *BOTH, "--layers")
    assert "\n  bn " in found
    assert "\n  bn " not in ok("diff", CHAIN, *BOTH)
    twice = "input 3@8x8  bn relu bn conv3-4 bn [bn] x 3"
    shown = [line.split() for line in ok("diff", twice, *BOTH, "--layers").splitlines() if line.startswith("  bn")]
    assert shown == [["bn", "(x", "2)", "-768"], ["bn", "-512"], ["bn", "-1536"]]


@pytest.mark.parametrize("program", [CHAIN, OPEN])
def test_diff_json(program: str) -> None:
    """The document holds what the API gives, exactly."""
    page = json.loads(ok("diff", program, *BOTH, "--json"))
    net = symcost.parse(program)
    assert (page["first"]["name"], page["second"]["name"]) == ("fvcore@0.1.5", "thop@0.1.1")
    assert net.cost("fvcore") == symcost.parse(program).cost("thop").expr + symcost.formula(page["difference"])
    total = sum((symcost.formula(cause["difference"]) for cause in page["causes"]), symcost.formula("0"))
    assert total - symcost.formula(page["difference"]) == 0
    for cause in page["causes"]:
        parts = sum((symcost.formula(p["difference"]) for p in cause["layers"]), symcost.formula("0"))
        assert (parts - symcost.formula(cause["difference"])).expand() == 0
        assert cause["why"] and {p["kind"] for p in cause["layers"]} <= {cause["kind"]}


@pytest.mark.parametrize(
    "args",
    [
        (CHAIN, *BOTH),
        (OPEN, *BOTH),
        (*GPT, *BOTH),
        (OPEN, CHAIN, "--convention", "exact"),
        ("input 48@T  sdpa(2)", "--convention", "exact", "--convention", "fvcore"),  # scaled_dot_product_attention
    ],
)
def test_diff_latex(args: tuple[str, ...]) -> None:
    """One align*, every brace and delimiter closed; every cause has a formula and a sentence with nothing special in it."""
    page = ok("diff", *args, "--latex")
    bare = re.sub(r"\\[{}\\]", "", page)
    depth = 0
    for sign in bare:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    assert depth == 0
    assert page.count(r"\begin{align*}") == page.count(r"\end{align*}") == 1
    assert page.count(r"\left") == page.count(r"\right")
    causes = re.findall(r"^\((\d+)\) (.*)\.\\par$", page, re.M)
    assert [number for number, _ in causes] == re.findall(r"^  \\text\{\((\d+)\)\} &= ", page, re.M)
    assert not [said for _, said in causes if re.search(r"(?<!\\)[_&%#$]", said)]


def test_diff_markdown() -> None:
    lines = ok("diff", OPEN, *BOTH, "--markdown").splitlines()
    assert lines[0].startswith("| fvcore@0.1.5 - thop@0.1.1 | $") and lines[1] == "| :--- | :--- |"
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in lines)


@pytest.mark.parametrize(
    "args",
    [
        (CHAIN,),
        (CHAIN, "--convention", "macs"),
        (CHAIN, *BOTH, "--convention", "macs"),
        (CHAIN, OPEN, *BOTH),
        (CHAIN, OPEN, CHAIN, "--convention", "macs"),
        (CHAIN, OPEN, "--convention", "macs", "--net", "one"),
        (),
        (CHAIN, *BOTH, "--html"),
    ],
)
def test_diff_usage(args: tuple[str, ...]) -> None:
    found = run("diff", *args)
    assert found.exit_code == 2
    assert found.stdout == "" and "Usage: symcost diff" in found.stderr


@pytest.mark.parametrize("name, code", [("fvcor", "unknown-convention"), ("nothing.toml", "")])
def test_no_such_convention(name: str, code: str) -> None:
    found = run("diff", CHAIN, "--convention", "macs", "--convention", name)
    assert found.exit_code == 1
    assert found.stdout == "" and found.stderr.startswith("error[")
    assert code in found.stderr


WRONG = {
    'title = "ours"\nunit = "MACs"\nsource = "ours"\n[prices]\nmak = 1\n': ("5:1", "no operation 'mak'"),
    'title = "ours"\nunit = "MACs"\nsource = "ours"\n[prices\nmac = 1\n': ("4:8", "no TOML"),
    'title = "ours"\nunit = "MACs"\nsource = "ours"\nprice = 1\n': ("4:1", "no 'price'"),
    'title = "ours"\nunit = "MACs"\nsource = "ours"\n[[departures]]\nkinds = ["bm"]\nvalue = "1"\nwhy = "so"\n': (
        "5:11",
        "no kind of layer 'bm'",
    ),
    'title = "ours"\nunit = "MACs"\nsource = "ours"\n[[departures]]\nkinds = ["bn"]\nvalue = "1 +"\nwhy = "so"\n': (
        "6:12",
        "",
    ),
    'title = "ours"\nunit = "MACs"\nsource = "ours"\n[[departures]]\nkinds = ["bn"]\nvalue = "outs"\nwhy = "so"\n': (
        "6:10",
        "outs",
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_convention_file(tmp_path: Path, text: str) -> None:
    """It is told with its file, line and column; exit code 1."""
    place, said = WRONG[text]
    path = tmp_path / "ours.toml"
    path.write_text(text, encoding="utf-8")
    found = run("diff", CHAIN, "--convention", "macs", "--convention", str(path))
    assert found.exit_code == 1
    assert found.stdout == ""
    assert f"{path}:{place}" in found.stderr.replace("\n", "") and said in found.stderr


def test_own_convention(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text('title = "ours"\nunit = "MACs"\nsource = "ours"\n[prices]\nmac = 3\n', encoding="utf-8")
    assert "multiply-accumulates: 3 against 1" in ok("diff", CHAIN, "--convention", str(path), "--convention", "macs")
    assert "prices        mac 3" in ok("conventions", str(path))


# --------------------------------------------------------------------------------------------------------- explain


def test_explain() -> None:
    shown = ok("explain", *RESNET, "--value", "4111512576").replace("\xa0", " ")
    assert shown.splitlines()[:3] == [
        "4111512576 is the figure of",
        "",
        "4 111 512 576  MACs  fvcore@0.1.5, fvcore@0.1.5-grad",
    ]


def test_explain_parts() -> None:
    """Parts of the network stand behind --all, or alone where no whole gives the figure."""
    short, long = (ok("explain", *RESNET, "--value", "4.11G", *more) for more in ((), ("--all",)))
    assert "without" not in short and "print it too: --all" in short
    assert "without the last dense layer: fvcore" in long and "--all" not in long
    only = ok("explain", *RESNET, "--value", "23508032").replace("\xa0", " ")
    assert only.splitlines()[2:] == ["23 508 032  parameters  without the last dense layer"]


def test_explain_nearest() -> None:
    shown = ok("explain", CHAIN, "--value", "1T").splitlines()
    assert shown[0] == "no way of counting known here prints 1T; the nearest are"
    assert all("  -" in line for line in shown[2:] if line[0] != " ")


def test_explain_json() -> None:
    page = json.loads(ok("explain", *RESNET, "--value", "4.11G", "--json"))
    assert page["figure"] == "4.11G" and page["nearest"] == []
    assert {"convention": "fvcore@0.1.5", "unit": "MACs", "scope": None, "value": "4111512576"} in page["exact"]
    page = json.loads(ok("explain", CHAIN, "--value", "1T", "--json"))
    assert page["exact"] == [] and page["nearest"]


@pytest.mark.parametrize("args", [(), (CHAIN,), ("--value", "1"), (CHAIN, "--value", "1", "--latex")])
def test_explain_usage(args: tuple[str, ...]) -> None:
    found = run("explain", *args)
    assert (found.exit_code, found.stdout) == (2, "")


@pytest.mark.parametrize(
    "args, said",
    [
        ((CHAIN, "--value", "much"), "'much' is no figure"),
        ((OPEN, "--value", "1M"), "C, X have no value"),
        ((CHAIN, "--value", "1M", "--set", "Z=1"), "no symbol 'Z'"),
        ((CHAIN, "--value", "1M", "--net", "v"), "v"),
    ],
)
def test_explain_errors(args: tuple[str, ...], said: str) -> None:
    found = run("explain", *args)
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr.startswith("error[") and said in found.stderr
    page = run("explain", *args, "--json")
    assert page.exit_code == 1
    assert json.loads(page.stdout or page.stderr)


# ----------------------------------------------------------------------------------------------------- conventions


@pytest.mark.parametrize("columns", ["80", "200"])
def test_listing(columns: str) -> None:
    """Every convention with its unit and, once blanks are squeezed, all it counts."""
    lines = ok("conventions", COLUMNS=columns)
    for name in names():
        rule = convention(name)
        (line,) = [line for line in lines.splitlines() if re.match(rf"{re.escape(name)}  ", line)]
        assert rule.unit in line
        if columns == "80":
            assert rule.title in " ".join(lines.split())


@pytest.mark.parametrize("name", names())
def test_describe(name: str) -> None:
    """Everything in its file that says something of the count."""
    rule, shown = convention(name), " ".join(ok("conventions", name).split())
    for text in (rule.title, f"unit {rule.unit}", rule.source, *(d.why for d in rule.departures)):
        assert " ".join(text.split()) in shown
    for departure in rule.departures:
        for formula in (departure.each, departure.where, *([] if departure.unseen else [departure.formula])):
            assert formula is None or " ".join(formula.span.text.split()) in shown
    assert (f"{len(rule.checks)} figures the tool printed are checked" in shown) == bool(rule.checks)


def test_newest_version() -> None:
    assert ok("conventions", "fvcore") == ok("conventions", "fvcore@0.1.5")


def test_no_such_name() -> None:
    found = run("conventions", "fvcor")
    assert (found.exit_code, found.stdout) == (1, "")
    assert "unknown convention 'fvcor'" in found.stderr and "help" in found.stderr


def test_page() -> None:
    """The page has a section for every convention; those for transformers only stand in two tables of layers."""
    page = ok("conventions", "--markdown")
    tables = page.partition("## Side by side")[2].partition(f"## {names()[0]}\n")[0]
    for name in names():
        assert f"\n## {name}\n" in page
        assert tables.count(f"| `{name}` |") == (2 if convention(name).about else tables.count("\n### "))
    assert {name for name in names() if convention(name).about} == {
        "chinchilla",
        "kaplan",
        "megatron",
        "megatron-norecompute",
        "palm",
    }
    for line in page.splitlines():
        if line.startswith("|"):
            assert line.endswith("|")
