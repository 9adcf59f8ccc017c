"""Notebooks: how results show themselves, the magic `%%symcost`, and the example of the documentation, run anew."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import symcost
from symcost.comparison import compared
from symcost.difference import of_conventions
from symcost.explain import explain
from symcost.render.notebook import bundle

pytest.importorskip("IPython", reason="needs the extra notebook")

from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

EXAMPLE = Path(__file__).parent.parent / "docs" / "example.ipynb"
NET = "input 3@X x X  conv3-64 relu maxpool  gap fc-10"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell that keeps no history, in a folder of its own."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    settings = Config()
    settings.HistoryManager.enabled = False
    made = InteractiveShell(config=settings)
    made.colors = "nocolor"
    yield made
    made.restore_sys_module_state()


@pytest.fixture
def loaded(shell: InteractiveShell) -> InteractiveShell:
    """A shell in which the magic is known."""
    shell.run_cell("%load_ext symcost")
    return shell


def run(shell: InteractiveShell, cell: str) -> tuple[Any, list[dict[str, Any]], str]:
    """What a cell gives: its result, what it shows, what it prints."""
    shown: list[dict[str, Any]] = []
    shell.display_trap.hook = CapturingDisplayHook(shell=shell, outputs=shown)
    with capture_output(display=False) as captured:
        done = shell.run_cell(cell)
    return done, [output["data"] for output in shown], captured.stdout + captured.stderr


# ------------------------------------------------------------ the magic


def test_a_cell_shows_and_binds_its_network(loaded: InteractiveShell) -> None:
    _, (shown,), _ = run(loaded, f"%%symcost\n{NET}\nassert params == 2442")
    assert loaded.user_ns["net"].params == 2442
    assert "| `conv3-64` | $64 \\times X \\times X$ |" in shown["text/markdown"]
    assert shown["text/plain"] == repr(loaded.user_ns["net"])


def test_values_and_a_name(loaded: InteractiveShell) -> None:
    run(loaded, f"%%symcost --name small --set X=32\n{NET}")
    assert loaded.user_ns["small"].macs.value == 27 * 64 * 32 * 32 + 640
    assert "net" not in loaded.user_ns


def test_a_net_of_the_program(loaded: InteractiveShell) -> None:
    run(loaded, "%%symcost --net 'b(3, 4)'\nnet b(n, m) { input 3@X x X conv3-n fc-m }")
    assert loaded.user_ns["net"].output.channels == 4


def test_files_beside_the_notebook(loaded: InteractiveShell) -> None:
    Path("parts.arch").write_text("block half-c { conv3-c/2 relu }\n", encoding="utf-8")
    run(loaded, "%%symcost\nimport parts (half)\ninput 3@8x8 half-4")
    assert loaded.user_ns["net"].params == 112


REFUSED = [
    ("%%symcost\ninput 3@8x8 rellu", "error[unknown-layer]: unknown layer 'rellu'\n --> <cell>:1:13"),
    (f"%%symcost\n{NET}\nassert params == 1", "error[assertion-failed]"),
    ("%%symcost\nnet b { input 3 fc-4 }", "error[choose-net]"),
    (f"%%symcost --set Y=3\n{NET}", "error[unknown-symbol]: there is no symbol 'Y' here"),
    (f"%%symcost --set Y\n{NET}", "UsageError: 'Y' is not of the form NAME=VALUE"),
    (f"%%symcost --nme n\n{NET}", "UsageError: unrecognized arguments: --nme n"),
    (f"%%symcost --name 3\n{NET}", "UsageError: '3' is no name"),
    (f"%%symcost --net 'b(3\n{NET}", "UsageError: No closing quotation"),
]


@pytest.mark.parametrize("cell, said", REFUSED, ids=[cell.partition("\n")[0] + said[:24] for cell, said in REFUSED])
def test_what_is_wrong_is_said_without_a_traceback(loaded: InteractiveShell, cell: str, said: str) -> None:
    done, shown, printed = run(loaded, cell)
    assert not done.success and not shown
    assert printed.strip().startswith(said)
    assert "Traceback" not in printed
    assert "net" not in loaded.user_ns


# ------------------------------------------------------------ results


def results() -> Iterator[Any]:
    net = symcost.parse(NET + " as t")
    some = net.at(X=32)
    yield pytest.param(net, "* MACs: $", id="network")
    yield pytest.param(net.layers, "| `maxpool` |", id="layers")
    yield pytest.param(net.layers[:2], "| `relu` |", id="slice")
    yield pytest.param(net.layers[:0], "no layers", id="no layers")
    yield pytest.param(net.layers[0], "| `conv3-64` | $64 \\times X \\times X$ | $1792$ |", id="layer")
    yield pytest.param(net.derivation("macs", 1), "1. *", id="derivation")
    yield pytest.param(of_conventions(net, "flops", "macs"), "| flops - macs |", id="difference")
    yield pytest.param(explain(some, "1.77M"), "| $1\\,770\\,112$ MACs |", id="explanation")
    yield pytest.param(explain(some, "3"), "is no figure known here", id="no explanation")
    yield pytest.param(net.macs.scaling("X"), r"| doubling | $f(2 X)/f(X) \to 4$ |", id="scaling")
    yield pytest.param(symcost.parse("input 3@X conv3-8/2").macs.scaling("X"), "| error | from $", id="a staircase")
    sizes = [symcost.parse(f"input d@T {layer}").macs._public for layer in ("linear-(4*in.c)", "sdpa(1)")]
    yield pytest.param(compared(*sizes), r"| ratio | $\frac{", id="comparison")
    yield pytest.param(net.macs.within("1G", "X"), "| value | 760 |", id="answer")
    yield pytest.param(net.macs.within("1", "X"), "| value | none: no value fits |", id="no answer")
    yield pytest.param(net.macs.proves(">= 0"), "| proved |", id="proof")
    even = symcost.parse(f"sym X\nassume X % 2 == 0\n{NET}")
    yield pytest.param(even.macs.proves(">= 0"), r"| where | 2 \| X |", id="proof with a divisor")


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Rich finds in the kernel of a notebook: colours are asked for, and there is something to draw on."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)


@pytest.mark.usefixtures("kernel")
def test_text_is_plain_in_a_kernel() -> None:
    net = symcost.parse(NET)
    for text in (net.table("text"), bundle(of_conventions(net, "flops", "macs"))["text/plain"]):
        assert len(text) > 100 and "\x1b" not in text


@pytest.mark.parametrize("result, part", list(results()))
def test_results_show_themselves(result: Any, part: str) -> None:
    found = result._repr_mimebundle_()
    assert found == bundle(result) and set(found) == {"text/plain", "text/markdown"}
    assert part in found["text/markdown"]
    assert found["text/plain"] and found["text/plain"] == found["text/plain"].rstrip("\n")
    rows = [line for line in found["text/markdown"].splitlines() if line.startswith("|")]
    assert len({row.replace(r"\|", "").count("|") for row in rows}) <= 1  # each row has all columns


def test_layers_are_a_tuple() -> None:
    layers = symcost.parse(NET).layers
    assert isinstance(layers, tuple) and len(layers) == 5
    assert layers[1:3] == (layers[1], layers[2]) and type(layers[1:3]) is type(layers)


def test_other_things_do_not_show_themselves() -> None:
    with pytest.raises(TypeError):
        bundle(3)


# ------------------------------------------------------------ the example


def outputs(shell: InteractiveShell, source: str, number: int) -> list[dict[str, Any]]:
    """The outputs of a cell in the form of a notebook file."""
    done, shown, printed = run(shell, source)
    if not done.success:
        raise done.error_in_exec or done.error_before_exec
    found: list[dict[str, Any]] = []
    if printed:
        found.append({"name": "stdout", "output_type": "stream", "text": printed.splitlines(True)})
    for data in shown:
        split = {kind: text.splitlines(True) for kind, text in sorted(data.items())}
        found.append({"data": split, "execution_count": number, "metadata": {}, "output_type": "execute_result"})
    return found


def test_the_example_gives_what_it_shows(shell: InteractiveShell) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    book = json.loads(text)
    number = 0
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            number += 1
            cell["execution_count"] = number
            cell["outputs"] = outputs(shell, "".join(cell["source"]), number)
    made = json.dumps(book, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_DOCS") == "1":
        EXAMPLE.write_text(made, encoding="utf-8", newline="\n")
    assert EXAMPLE.read_text(encoding="utf-8") == made, "run: UPDATE_DOCS=1 pytest tests/test_notebook.py"
