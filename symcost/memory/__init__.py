"""Memory in bytes, as formulas: weights and what an optimiser keeps, activations kept for the way back, peak, KV cache.

Activations kept are what the kinds say they keep (`Layer.keeps`), each tensor once: the output of a ReLU that the next
convolution keeps as its input is one tensor. Nothing else is assumed of an implementation: no copies, no workspaces, no
fragmentation.
"""

from symcost.memory.cache import kv_cache, kv_elements
from symcost.memory.dtypes import BYTES, bytes_of
from symcost.memory.live import peak
from symcost.memory.moved import Traffic, intensity, traffic
from symcost.memory.optimizers import OPTIMIZERS, Optimizer, States, optimizer_of, states, weights
from symcost.memory.saving import Saved, Split, activations, saved

__all__ = [
    "BYTES",
    "OPTIMIZERS",
    "Optimizer",
    "Saved",
    "Split",
    "States",
    "Traffic",
    "activations",
    "bytes_of",
    "intensity",
    "kv_cache",
    "kv_elements",
    "optimizer_of",
    "peak",
    "saved",
    "states",
    "traffic",
    "weights",
]
