"""Conventions of papers: the cost of a decoder is the formula the paper prints, for all sizes.

Each formula stands here as published, in the letters of `DECODER`: B sequences of T tokens, L layers of width d with h heads
of k, a hidden width f, a vocabulary of V. It holds for a decoder of L equal layers, each one self attention and two linear
layers of d x f. What it does not depend on is varied: biases, the kind of norm and where it stands, positions, mask,
activation, a table of its own at the end. A gated MLP has a third matrix, and fewer key and value heads have less: neither
is in these formulas.
"""

from __future__ import annotations

import pytest

import symcost
from symcost import zoo
from symcost.conventions import convention

DECODER = """
sym B, T, L, d, h, k, f, V
set linear.bias = {bias}
set batch = B
input ids@T
embed(V)-d {positions}
[
  {before} {{ {norm} {rotated} attention(h, dk=k, causal={causal}, bias={bias}) }} {after}
  {before} {{ {norm} linear-f {activation} linear-d }} {after}
] x L
{last} unembed-V(tied={tied}, bias={bias})
"""

GPT = {
    "bias": "true",
    "positions": "posembed(T) dropout",
    "before": "residual",
    "norm": "layernorm",
    "rotated": "",
    "activation": "gelu",
    "after": "",
    "causal": "true",
    "last": "layernorm",
    "tied": "true",
}

VARIANTS = {
    "GPT-2": GPT,
    "no biases": GPT | {"bias": "false"},
    "not masked": GPT | {"causal": "false"},
    "a matrix of its own": GPT | {"tied": "false"},
    "rotated positions, RMSNorm": GPT | {"positions": "", "rotated": "rope", "norm": "rmsnorm", "last": "rmsnorm"},
    "norm last, ReLU": GPT | {"norm": "", "after": "layernorm", "last": "", "activation": "relu"},
    "fixed positions, no norm": GPT | {"positions": "posenc", "norm": "", "last": ""},
}

# N of Kaplan et al., without embeddings, biases and norms
WEIGHTS = "2*d*L*(2*(h*k) + f)"

LAYER = "6*T*d*(k*h) + 2*T*T*(k*h) + 3*h*T*T + 2*T*T*(k*h) + 2*T*(k*h)*d + 2*T*(d*f + d*f)"

FORMULAS = {
    "kaplan": f"B*T*(2*{WEIGHTS} + 2*L*T*(h*k))",
    "chinchilla": f"B*(2*T*V*d + L*({LAYER}) + 2*T*d*V)",
}

# published for k = d/h and f = 4*d
WIDE = {
    "megatron": "96*B*T*L*d^2*(1 + T/(6*d) + V/(16*L*d))",
    "megatron-norecompute": "72*B*T*L*d^2*(1 + T/(6*d) + V/(12*L*d))",
}


def decoder(variant: dict[str, str]) -> symcost.Architecture:
    return symcost.parse(DECODER.format(**variant))


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_any_widths(name: str, variant: dict[str, str]) -> None:
    """Heads of any width, a hidden layer of any width."""
    assert decoder(variant).cost(name) == FORMULAS[name]


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_four_times_as_wide(name: str, variant: dict[str, str]) -> None:
    """Heads that share the width, a hidden layer four times as wide."""
    usual = symcost.parse(DECODER.format(**variant).replace("dk=k, ", "").replace("linear-f", "linear-(4*d)"))
    assert usual.cost(name) == WIDE[name]


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_palm(variant: dict[str, str]) -> None:
    """6 N + 12 L H Q T a token, where N is every parameter but a learned table of positions, which PaLM does not have."""
    net = decoder(variant)
    table = "T*d" if "posembed" in variant["positions"] else "0"
    assert net.cost("palm") == f"B*T*(6*({net.params} - {table}) + 12*L*h*k*T)"


def test_palm_of_nanogpt() -> None:
    """The notebook transformer_sizing of nanoGPT prints 123551232 parameters and 875062886400 a sequence of 1024 tokens."""
    figures = {"B": 1, "T": 1024, "L": 12, "d": 768, "h": 12, "k": 64, "f": 3072, "V": 50257}
    net = decoder(GPT | {"bias": "false", "norm": "layernorm(bias=false)", "last": "layernorm(bias=false)"}).at(
        **figures
    )
    assert int(net.params) - 1024 * 768 == 123551232
    assert int(net.cost("palm")) == 875062886400


# networks of the zoo, in the letters of their files
ZOO = [
    ("gpt", "gpt2", "kaplan", "B*T*(2*12*L*d^2 + 2*L*T*d)"),
    ("gpt", "gpt2", "megatron", WIDE["megatron"]),
    ("gpt", "gpt2", "megatron-norecompute", WIDE["megatron-norecompute"]),
    ("gpt", "gpt2", "palm", "B*T*(6*(V*d + L*(12*d^2 + 13*d) + 2*d) + 12*L*d*T)"),
    ("gpt", "gpt2", "chinchilla", "B*(4*T*V*d + L*(24*T*d^2 + 4*T^2*d + 3*h*T^2))"),
    ("llama", "llama", "palm", "B*T*(6*(2*V*d + d + L*(2*d^2 + 2*d^2*g/h + 3*d*f + 2*d)) + 12*L*d*T)"),
    ("llama", "llama", "kaplan", "B*T*(2*L*(2*d^2 + 2*d^2*g/h + 3*d*f) + 2*L*T*d)"),
]


@pytest.mark.parametrize("family, name, convention, formula", ZOO)
def test_zoo(family: str, name: str, convention: str, formula: str) -> None:
    """GPT-2 at all sizes; a gated MLP and shared key and value heads with their own weights."""
    letters = {"gpt": ("L", "d", "h", "V"), "llama": ("L", "d", "h", "g", "f", "V")}[family]
    assert zoo.load(family).net(name, *letters).cost(convention) == formula


def test_attention_without_projections() -> None:
    """Attention and the same written as linear layers and `sdpa` cost the same, the mask makes no difference."""
    whole = symcost.parse("sym h, k; set batch = B; input (h*k)@T; attention(h, bias=false)\nsym B")
    parts = (
        "sym h, k; set batch = B; input (h*k)@T; linear-(3*h*k)(bias=false) sdpa(h{}) linear-(h*k)(bias=false)\nsym B"
    )
    for name in [*FORMULAS, *WIDE, "palm"]:
        for mask in ("", ", causal=true"):
            assert symcost.parse(parts.format(mask)).cost(name) == whole.cost(name).expr


@pytest.mark.parametrize("name", [*FORMULAS, *WIDE, "palm"])
def test_nothing_else_is_priced(name: str) -> None:
    """What happens besides is named as not counted."""
    assert convention(name).family == "papers"
    uncounted = decoder(GPT).cost(name).uncounted
    assert {"add", "exp", "sqrt", "erf"} & set(uncounted)
