"""The open vocabulary of layer kinds, one family a file. A new kind is one class in its family's file."""

from symcost.layers import activation, attention, conv, dense, embedding, norm, pool, position, recurrent, reshape
from symcost.layers.base import KINDS, Layer, LayerError, Slot, Weight, known, slots

__all__ = [
    "KINDS",
    "Layer",
    "LayerError",
    "Slot",
    "Weight",
    "activation",
    "attention",
    "conv",
    "dense",
    "embedding",
    "known",
    "norm",
    "pool",
    "position",
    "recurrent",
    "reshape",
    "slots",
]
