"""The founding documents: every formula, number and claim of the five articles is in the catalogue, and what is wrong is told.

Their checks run with those of the catalogue (`test_catalogue.py`); this says which there must be, and what became of each.
"""

from __future__ import annotations

import re
from pathlib import Path

import symcost
from symcost.catalogue import entries

ENTRIES = {entry.id: entry for entry in entries() if entry.id.startswith("seed")}
ERRATA = (Path(__file__).parent.parent / "docs" / "errata.md").read_text(encoding="utf-8")

# Every formula, number and claim that was found in the documents, by what became of it.
VERDICTS = {
    "exact": """
        seed000-cnn-params seed000-conv-space-indep seed000-ffnn
        seed001-flops seed001-params seed001-per-output
        seed002-conv-flops seed002-conv-params-bias seed002-conv-params-nobias
        seed002-fc-flops seed002-fc-params-bias seed002-fc-params-nobias
        seed003-conv-params seed003-fc-params seed003-pool-params
        seed004-vgg16-conv1-1 seed004-vgg16-conv5-3 seed004-vgg16-fc8
    """,
    "exact-under-convention": """
        seed000-conv-outsize seed000-conv-space seed000-conv-time seed000-rnn-params
        seed001-outsize
        seed002-advice seed002-bn-params seed002-conv-macs seed002-conv-outsize seed002-fc-macs
        seed002-pool-outsize
        seed003-bn-flops seed003-bn-params seed003-conv-flops seed003-fc-flops seed003-outsize
        seed003-relu-flops
        seed004-conv-space seed004-conv-time seed004-outsize
    """,
    "leading-term": "seed003-maxpool-flops",
    "convention": "seed000-flops-unit seed002-op-convention seed002-pool-act-zero seed-x-names",
    "mixed": "seed-x-bn seed-x-per-output seed-x-pool-cost",
    "erratum": """
        seed000-bias-per-layer seed000-cnn-worked-15 seed002-rounding seed003-avgpool-flops
        seed004-per-output seed004-vgg-claims seed004-vgg-table
    """,
}


def test_every_entry_is_here() -> None:
    wanted = {name: verdict for verdict, names in VERDICTS.items() for name in names.split()}
    assert {name: entry.verdict for name, entry in ENTRIES.items()} == wanted
    assert len(wanted) == 53


def test_every_entry_proves_something() -> None:
    """For all sizes, where it speaks of sizes: a figure alone is no proof."""
    assert [name for name, entry in ENTRIES.items() if not any(check.equal for check in entry.checks)] == []


def test_the_mistakes_are_told() -> None:
    """Each has its paragraph in the errata, which name no entry that is not there."""
    told = set(re.findall(r"\bseed[\w-]*[\w]", ERRATA))
    assert {name for name, entry in ENTRIES.items() if entry.verdict in ("erratum", "mixed")} <= told <= set(ENTRIES)


def test_flops_and_speed() -> None:
    """FLOPs are a number of operations, FLOPS operations a second; G is 10^9 in both."""
    flops = symcost.parse(ENTRIES["seed000-flops-unit"].checks[0].program).flops
    assert flops.si() == "30.9 GFLOPs"
    assert float(flops.seconds("1e9")) == 30.940528640
