"""Memory against what a small machine holds while it runs a network step by step, and against the formulas of papers."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import symcost
from symcost import memory, parallel
from symcost.cli import cli

WIDTH, TOKENS = 4, 3
NUMEL = WIDTH * TOKENS


# ------------------------------------------------------------ a machine


@dataclass(eq=False)
class Held:
    """A tensor of the machine, all of one size; whether the way back keeps it and needs its gradient."""

    learned: bool = False
    kept: bool = False


@dataclass
class Machine:
    """Runs layers in order and writes down which tensors each takes and makes, with every repeat written out."""

    steps: list[tuple[list[Held], Held]] = field(default_factory=list)
    keeps: list[set[Held]] = field(default_factory=list)  # by each step

    def layer(self, kind: str, x: Held) -> Held:
        y = Held(x.learned or kind == "linear")
        back = y.learned
        keeps = {"linear": {x}, "relu": {y}, "gelu": {x}, "softmax": {y}}[kind] if back else set()
        self.steps.append(([x], y))
        self.keeps.append(keeps)
        return y

    def add(self, a: Held, b: Held) -> Held:
        y = Held(a.learned or b.learned)
        self.steps.append(([a, b], y))
        self.keeps.append(set())
        return y

    def run(self, program: list[object], x: Held) -> Held:
        for item in program:
            match item:
                case str():
                    x = self.layer(item, x)
                case ("residual", list() as body):
                    x = self.add(x, self.run(body, x))
                case (int() as count, list() as body):
                    for _ in range(count):
                        x = self.run(body, x)
        return x

    def alive(self, first: Held, last: Held) -> list[set[Held]]:
        uses = {first: 0}
        for place, (taken, made) in enumerate(self.steps):
            uses |= dict.fromkeys([*taken, made], place)
        uses[last] = len(self.steps)
        there, found = {first}, []
        for place, (_, made) in enumerate(self.steps):
            there |= {made}
            found.append(set(there))
            there = {t for t in there if uses[t] > place}
        return found

    def figures(self, first: Held, last: Held) -> dict[str, int]:
        kept: set[Held] = set()
        peaks, alive = [0], self.alive(first, last)
        for place, (there, keeps) in enumerate(zip(alive, self.keeps, strict=True)):
            kept |= keeps
            peaks.append(len(kept | there))
            gradients = {t for t in there if t.learned}
            peaks.append(len(set().union(*self.keeps[: place + 1])) + len(gradients))
        return {"kept": len(kept), "peak": max(map(len, alive)), "training": max(peaks)}


def written(program: list[object], count: str | None = None) -> str:
    parts = []
    for item in program:
        match item:
            case str():
                parts.append(f"linear-{WIDTH}" if item == "linear" else item)
            case ("residual", list() as body):
                parts.append(f"residual {{ {written(body, count)} }}")
            case (int() as times, list() as body):
                parts.append(f"[ {written(body, count)} ] x {count or times}")
    return " ".join(parts)


LAYER = st.sampled_from(["linear", "relu", "gelu", "softmax"])
FLAT = st.lists(LAYER | st.tuples(st.just("residual"), st.lists(LAYER, min_size=1, max_size=3)), min_size=1, max_size=4)
LOOPED = st.lists(LAYER | st.tuples(st.integers(2, 4), FLAT), min_size=1, max_size=4)
NESTED = st.tuples(FLAT, st.integers(2, 3), FLAT, st.integers(2, 3), FLAT).map(
    lambda p: [(p[1], [*p[0], (p[3], p[2]), *p[4]])]
)


@given(FLAT | LOOPED | NESTED)
@examples(120)
def test_the_machine(program: list[object]) -> None:
    """What is kept, and the peaks of inference and training, are what the machine holds when every turn is written out."""
    machine, first = Machine(), Held()
    last = machine.run(program, first)
    found = machine.figures(first, last)
    net = symcost.parse(f"input {WIDTH}@{TOKENS} {written(program)}")
    assert memory.activations(net, "fp32") == 4 * NUMEL * found["kept"]
    assert memory.peak(net, "fp32") == 4 * NUMEL * found["peak"]
    assert memory.peak(net, "fp32", training=True) == 4 * NUMEL * found["training"]


@given(FLAT, FLAT, FLAT, st.integers(2, 4))
@examples(60)
def test_any_depth(before: list[object], body: list[object], after: list[object], count: int) -> None:
    """With a symbol for the number of turns, the formulas at numbers are those of the machine."""
    program = [*before, (count, body), *after]
    machine, first = Machine(), Held()
    last = machine.run(program, first)
    found = machine.figures(first, last)
    net = symcost.parse(f"sym L\nassume L >= 2\ninput {WIDTH}@{TOKENS} {written(program, 'L')}")
    assert memory.activations(net, "fp32").at(L=count) == 4 * NUMEL * found["kept"]
    assert memory.peak(net, "fp32").at(L=count) == 4 * NUMEL * found["peak"]
    assert memory.peak(net, "fp32", training=True).at(L=count) == 4 * NUMEL * found["training"]


@given(FLAT, FLAT)
@examples(20)
def test_one_turn(body: list[object], after: list[object]) -> None:
    """What is kept is right for one turn too; the peak asks for a second one where it matters."""
    net = symcost.parse(f"sym L\ninput {WIDTH}@{TOKENS} {written([(2, body), *after], 'L')}")
    once = symcost.parse(f"input {WIDTH}@{TOKENS} {written([*body, *after])}")
    assert memory.activations(net, "fp32").at(L=1) == memory.activations(once, "fp32")
    try:
        found = memory.peak(net, "fp32", training=True).at(L=1)
    except symcost.DomainError:
        return
    assert found == memory.peak(once, "fp32", training=True)


# ------------------------------------------------------------ papers

LAYER_TEXT = """sym L, s, b, h, a
set batch = b
input h@s
[
  residual { layernorm attention(a, bias=false, dropout=true) dropout }
  residual { layernorm linear-(4*h)(bias=false) gelu linear-h(bias=false) dropout }
] x L
"""

KORTHIKANTI = [  # arXiv:2205.05198, bytes of L layers
    ({}, "L*s*b*h*(34 + 5*a*s/h)"),  # equation 1
    ({"tensor_parallel": "t"}, "L*s*b*h*(10 + 24/t + 5*a*s/(h*t))"),  # equation 2
    ({"tensor_parallel": "t", "sequence_parallel": True}, "L*s*b*h/t*(34 + 5*a*s/h)"),  # equation 4
    (
        {"tensor_parallel": "t", "recompute": "selective"},
        "L*s*b*h*(10 + 24/t)",
    ),  # equation 6 before sequence parallelism
    ({"tensor_parallel": "t", "sequence_parallel": True, "recompute": "selective"}, "34*L*s*b*h/t"),
    ({"flash": True}, "34*L*s*b*h"),
    ({"recompute": "full"}, "2*L*s*b*h"),
]


@pytest.mark.parametrize(("options", "expected"), KORTHIKANTI)
def test_activations_of_a_transformer(options: dict[str, object], expected: str) -> None:
    net = symcost.parse(LAYER_TEXT)
    assert memory.activations(net, "bf16", statistics=False, **options) == expected  # type: ignore[arg-type]


PARTS = [
    ("attention(a, bias=false, dropout=true) dropout", "11*s*b*h + 5*a*s^2*b"),
    ("linear-(4*h)(bias=false) gelu linear-h(bias=false) dropout", "19*s*b*h"),
    ("layernorm", "2*s*b*h"),
    # what one tensor is for two layers is kept once
    ("linear-h relu linear-h", "2*s*b*h + 2*s*b*h"),
    ("linear-h gelu linear-h", "2*s*b*h + 2*s*b*h + 2*s*b*h"),
    # a frozen linear layer needs no input; nothing below the first trained layer is kept
    ("freeze { linear-h relu } linear-h", "2*s*b*h"),
    ("linear-h freeze { linear-h }", "2*s*b*h"),
    # indices of maxima take 8 bytes
    ("linear-h maxpool(2)", "2*s*b*h + 8*b*h*floor(s/2)"),
    # the gradients of a product are the other sides; a gate made by two linear layers of one input keeps that once
    ("mul { linear-h(bias=false) silu | linear-h(bias=false) }", "2*s*b*h*(1 + 1 + 1 + 1)"),
]


@pytest.mark.parametrize(("layers", "expected"), PARTS)
def test_activations_kept(layers: str, expected: str) -> None:
    net = symcost.parse(f"sym s, b, h, a\nset batch = b\ninput h@s\n{layers}")
    assert memory.activations(net, "bf16", statistics=False) == expected


def test_checkpoints() -> None:
    """Chen et al. 2016: of n layers in k segments, k inputs are kept and one segment at a time: k + n/k, least at sqrt(n)."""
    net = symcost.parse("sym m, k, d\ninput d\n[ [ linear-d ] x m ] x k")
    segment = symcost.parse("sym m, d\ninput d\n[ linear-d ] x m")
    assert memory.activations(net, "int8", recompute="full") == "k*d"
    assert memory.activations(segment, "int8") == "m*d"


@pytest.mark.parametrize(
    ("options", "each"),
    [
        ({"dtype": "bf16"}, 16),  # ZeRO
        ({"dtype": "bf16", "gradients": "fp32"}, 18),  # ml-engineering, the EleutherAI cookbook
        ({"dtype": "fp32"}, 16),
        ({"dtype": "fp32", "optimizer": "sgd"}, 8),
        ({"dtype": "fp32", "optimizer": "momentum"}, 12),
        ({"dtype": "bf16", "optimizer": "sgd", "master": False}, 4),
    ],
)
def test_bytes_a_parameter(options: dict[str, object], each: int) -> None:
    net = symcost.parse("sym d\ninput d linear-d")
    assert memory.states(net, **options).total == f"{each}*(d^2 + d)"  # type: ignore[arg-type]


def test_frozen_weights_have_no_states() -> None:
    found = memory.states(symcost.parse("sym d\ninput d freeze { linear-d } linear-3(bias=false)"))
    assert found.weights == "2*(d^2 + d + 3*d)"
    assert found.gradients == "6*d"
    assert found.moments == "24*d"


def test_factored_states() -> None:
    """A row and a column of a matrix; of a kernel, for each of its leading sides; a bias as it is."""
    net = symcost.parse("input 5@9x9 conv3-7")
    assert memory.states(net, "fp32", "adafactor").moments == 4 * (7 * 5 * (3 + 3) + 7)


def test_shared_weights_have_their_states_once() -> None:
    net = symcost.parse("shared block f { linear-4 }\ninput 4 f f f")
    assert memory.states(net, "fp32", "adafactor").moments == 4 * (4 + 4 + 4)
    assert memory.states(net, "fp32").moments == 8 * 20


ZERO_STAGES = ["16*P", "4*P + 12*P/N", "2*P + 14*P/N", "16*P/N"]


@pytest.mark.parametrize(("stage", "expected"), list(enumerate(ZERO_STAGES)))
def test_zero(stage: int, expected: str) -> None:
    net = symcost.parse("sym P\ninput 1 linear-P(bias=false)")
    assert parallel.zero_states(net, stage, "N").total == expected


def test_communication() -> None:
    net = symcost.parse(LAYER_TEXT)
    assert parallel.all_reduce("K", "N") == "2*(N - 1)*K/N"
    assert parallel.reduce_scatter("K", "N") == "(N - 1)*K/N"
    assert parallel.tensor_parallel(net, "t") == "4*L*(2*(t - 1)/t)*2*b*s*h"  # four all-reduces a layer
    assert parallel.data_parallel(net, "N") == parallel.all_reduce(memory.weights(net), "N")
    assert parallel.zero_volume(net, 2, "N") == parallel.data_parallel(net, "N")
    assert parallel.zero_volume(net, 3, "N") == 3 * parallel.data_parallel(net, "N")._size / 2
    assert parallel.pipeline_bubble("p", "m", "v") == "(p - 1)/(v*m)"
    assert str(parallel.pipeline_share("p", "m")) == "(p - 1)/(m + p - 1)"
    assert parallel.pipeline_activations("N", "L", "K", "M") == "N + L/K*N/M"
    assert parallel.pipeline_volume(net, "p") == "2*(p - 1)*2*b*s*h"


# ------------------------------------------------------------ the cache

DECODER = "sym l, d, n_h, n_g, d_h, T, B\nset batch = B\ninput d@T\n[ residual {{ {} }} ] x l"

CACHES = [  # DeepSeek-AI 2024, arXiv:2405.04434, table 1: elements of a token
    ("attention(n_h, dk=d_h, causal=true)", {}, "2*n_h*d_h*l"),
    ("attention(n_h, kv_heads=n_g, dk=d_h, causal=true)", {}, "2*n_g*d_h*l"),
    ("attention(n_h, kv_heads=1, dk=d_h, causal=true)", {}, "2*d_h*l"),
    ("linear-(9*d_h) as latent  linear-(n_h*3*d_h)  sdpa(n_h)  linear-d", {"cached": "latent"}, "9*d_h*l"),
]


@pytest.mark.parametrize(("layers", "options", "expected"), CACHES)
def test_cache_of_a_token(layers: str, options: dict[str, str], expected: str) -> None:
    net = symcost.parse(DECODER.format(layers))
    assert memory.kv_cache(net, "int8", per_token=True, **options) == expected
    assert memory.kv_cache(net, "bf16", **options) == f"2*B*T*({expected})"  # type: ignore[arg-type]


def test_cache_of_a_window() -> None:
    net = symcost.parse(DECODER.format("attention(n_h, dk=d_h, causal=true)"))
    assert memory.kv_cache(net, tokens="S", window=4096) == "4*B*min(S, 4096)*n_h*d_h*l"


def test_cache_of_causal_layers_only() -> None:
    net = symcost.parse(
        "sym T, S\ninput seen: 8@S  attention(2)\ninput x: 8@T  attention(2, causal=true)  attention(2, kv=seen)"
    )
    assert memory.kv_cache(net, "int8") == "16*T"
    with pytest.raises(symcost.SymcostError, match="no self attention"):
        memory.kv_cache(symcost.parse("input 3@8x8 conv3-4"))


# ------------------------------------------------------------ bytes moved


def test_traffic() -> None:
    """A linear layer reads n*d and d*f, writes n*f; one token of decoding reads all weights for 2 FLOPs each."""
    net = symcost.parse("sym n, d, f\ninput d@n linear-f(bias=false)")
    (layer,) = memory.traffic(net, "bf16")
    assert layer.bytes == "2*(n*d + d*f + n*f)"
    assert layer.flops == "2*n*d*f"
    assert memory.intensity(net, "bf16", "decode").bytes == "2*(d + d*f + f)"


def test_decoding() -> None:
    """The cache and the weights are read, and one query looks at all T keys."""
    net = symcost.parse(DECODER.format("attention(n_h, dk=d_h, causal=true, bias=false)"))
    found = memory.intensity(net, "int8", "decode")
    assert found.flops == "l*B*(8*d*n_h*d_h + 4*T*n_h*d_h)"
    assert found.bytes == "l*(4*d*n_h*d_h + 2*B*T*n_h*d_h + 2*B*d + 3*B*d)"


# ------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: memory.weights(net, "bf17"), "unknown type"),
        (lambda net: memory.states(net, optimizer="adan"), "unknown optimizer"),
        (lambda net: memory.activations(net, recompute="some"), "recomputation is one of"),
        (lambda net: memory.peak(net, training=True, recompute="full"), "peak of training"),
        (lambda net: memory.traffic(net, phase="train"), "prefill or decode"),
        (lambda net: parallel.zero_states(net, 4, 8), "ZeRO has stages"),
        (lambda net: memory.kv_cache(net, cached="nothing"), "no tensor 'nothing'"),
    ],
)
def test_mistakes(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(symcost.SymcostError, match=message):
        call(symcost.parse("input 3 linear-2"))


def test_open_peaks_are_refused() -> None:
    open_ = symcost.parse("sym a\ninput 4  if a == 1 { linear-4 relu } else { id }")
    with pytest.raises(symcost.SymcostError, match="not decided"):
        memory.peak(open_)
    assert memory.peak(open_.at(a=1), "int8") == 8
    loop = symcost.parse("sym n\ninput 4@8  for i in 0..<n { linear-(2^i) }")
    with pytest.raises(symcost.SymcostError, match="no closed form"):
        memory.peak(loop)


def test_results_of_experts_are_kept_in_every_turn() -> None:
    """2 tensors of 6@47, for the gradient of what they are weighted by, whether the repeat is written out or not."""
    body = "residual { rmsnorm experts(4, active=2) { linear-12 gelu linear-6 } } "
    whole = memory.activations(symcost.parse(f"sym M input 6@47 linear-6 [{body}] x M"))
    for m in range(1, 4):
        written = memory.activations(symcost.parse(f"input 6@47 linear-6 {body * m}"))
        assert whole.at(M=m) == written == 8084 * m + 564
    alone = memory.saved(symcost.parse("input 6@47 linear-6 experts(4, active=2) { linear-8 }"), "int8")
    assert 2 * 8 * 47 in [s.bytes.number for s in alone]


def test_a_peak_in_turns_that_may_be_missing() -> None:
    """The first turn has other channels: of two tensors with 6, the second is there from the second turn on."""
    peak = memory.peak(symcost.parse("sym M input 3@X [linear-6] x M"))
    assert peak == "24*X" and peak.conditions == ("M ≥ 2",)
    assert peak.at(M=2) == memory.peak(symcost.parse("input 3@X linear-6 linear-6"))
    assert memory.peak(symcost.parse("input 3@X linear-6")) == "18*X"
    assert memory.peak(symcost.parse("sym M input 6@X [linear-6] x M")).conditions == ()


@pytest.mark.parametrize("tail", ["", "linear-6", "gelu"])
@pytest.mark.parametrize("other", ["", "relu", "linear-6"])
@pytest.mark.parametrize("body", ["relu", "gelu", "linear-6", "residual { linear-6 gelu }"])
def test_what_is_kept_where_an_if_is_open(body: str, other: str, tail: str) -> None:
    """As in each branch by itself, the `if` being in a repeat or not, and whoever takes the tensor it is given."""
    branches = f"if n > 2 {{ {body} }}" + (f" else {{ {other} }}" if other else "")
    alone = memory.activations(symcost.parse(f"sym n input 6@X linear-6 gelu {branches} {tail}"))
    turns = memory.activations(symcost.parse(f"sym n, M input 6@X [linear-6 {branches} {tail}] x M linear-6"))
    for n, there in ((3, body), (1, other)):
        assert alone.at(n=n) == memory.activations(symcost.parse(f"input 6@X linear-6 gelu {there} {tail}"))
        for m in range(1, 4):
            written = symcost.parse(f"input 6@X {f'linear-6 {there} {tail} ' * m} linear-6")
            assert turns.at(n=n, M=m) == memory.activations(written)


@pytest.mark.parametrize("inside", ["layernorm", "linear-8 x 2", "experts(4, active=2) { linear-8 }"])
def test_shared_weights_are_read_at_every_use(inside: str) -> None:
    """Each layer reads its weights, whether its uses are written out or in a repeat."""
    head = f"shared block f {{ {inside} }} input 8@5"
    whole = memory.intensity(symcost.parse(f"sym n {head} [f] x n"))
    for n in range(1, 4):
        written = memory.intensity(symcost.parse(f"{head} {'f ' * n}"))
        assert (whole.bytes.at(n=n), whole.flops.at(n=n)) == (written.bytes, written.flops)


@pytest.mark.parametrize("when", ["i > 2", "i == 1", "i % 2 == 0", "i < 3"])
@pytest.mark.parametrize(
    "body",
    ["linear-6 {}", "{} relu", "{} linear-6", "linear-6 {} gelu", "{} residual { linear-6 }"],
)
def test_what_is_kept_where_turns_choose(body: str, when: str) -> None:
    """A turn sees the tensors of the turn before by that turn's choice, and takes them by its own."""
    inside = body.replace("{}", f"if {when} {{ gelu }} else {{ relu }}", 1)
    whole = memory.activations(symcost.parse(f"sym M input 6@X linear-6 for i in 1..M {{ {inside} }} linear-3"))
    for m in range(1, 6):
        chosen = [
            i % 2 == 0 if "%" in when else {">": i > 2, "=": i == 1, "<": i < 3}[when[2]] for i in range(1, m + 1)
        ]
        turns = " ".join(body.replace("{}", "gelu" if c else "relu", 1) for c in chosen)
        assert whole.at(M=m) == memory.activations(symcost.parse(f"input 6@X linear-6 {turns} linear-3"))


def test_a_turn_that_hands_on_what_it_was_given() -> None:
    """Whose tensor that is depends on all turns before: there is no formula, and none is made up."""
    program = "sym M input 6@X linear-6 for i in 1..M { if i > 2 { gelu } }"
    with pytest.raises(symcost.SymcostError, match="may hand on what it was given"):
        memory.activations(symcost.parse(program))
    shown = CliRunner().invoke(cli, ["memory", program])
    assert (shown.exit_code, "no activations: what is kept has no" in shown.output) == (0, True)
    assert "weights" in shown.output
