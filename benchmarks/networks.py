"""The programs that are timed."""

from __future__ import annotations

from measure import ROOT

VGG = str(ROOT / "examples" / "vgg16.arch")

RESNET_152 = """import std.resnet (bottleneck)
input 3@X x X
conv7-64/2(bias=false) bn relu maxpool3/2(pad=1)
bottleneck-64 x 3
bottleneck-128/2 x 8(s=1)
bottleneck-256/2 x 36(s=1)
bottleneck-512/2 x 3(s=1)
gap fc-1000
"""


def resnet_152_written() -> str:
    """The same network layer by layer, without a block or a repeat: 515 layers."""
    lines = ["input 3@X x X", "conv7-64/2(bias=false) bn relu maxpool3/2(pad=1)"]
    for width, first, blocks in ((64, 1, 3), (128, 2, 8), (256, 2, 36), (512, 2, 3)):
        for index in range(blocks):
            stride = f"/{first}" if index == 0 and first > 1 else ""
            body = (
                f"conv1-{width}(bias=false) bn relu conv3-{width}{stride}(bias=false) bn relu "
                f"conv1-{4 * width}(bias=false) bn"
            )
            shortcut = f"add {{ {body} | conv1-{4 * width}{stride}(bias=false) bn }} relu"
            lines.append(f"residual {{ {body} }} relu" if index else shortcut)
    return "\n".join([*lines, "gap fc-1000", ""])


def equal(layers: int) -> str:
    """A chain of one layer written again and again."""
    return "input 64@X x X\n" + "conv3-64 relu\n" * (layers // 2)


def different(layers: int) -> str:
    """A chain in which no convolution is like another."""
    return "input 3@X x X\n" + "".join(f"conv3-{16 + i} relu\n" for i in range(layers // 2))


def shrinking(layers: int) -> str:
    """A chain whose positions are rounded again and again."""
    return "input 3@X x Y\n" + "".join(
        f"conv{3 + 2 * (i % 3)}-{8 + i}/{2 if i % 9 == 8 else 1}(pad={i % 2}) relu\n" for i in range(layers // 2)
    )
