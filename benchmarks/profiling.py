"""Where our own time goes, function by function."""

from __future__ import annotations

import cProfile
import pstats

from networks import different, equal, resnet_152_written, shrinking
from warm import counted


def show() -> None:
    counted(equal(100))
    for name, text in (
        ("ResNet-152 written out", resnet_152_written()),
        ("10 000 equal layers", equal(10_000)),
        ("2000 different layers", different(2000)),
        ("200 shrinking layers", shrinking(200)),
    ):
        profiler = cProfile.Profile()
        profiler.runcall(counted, text)
        print(f"\n{name}")
        pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(15)
