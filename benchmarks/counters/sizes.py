"""torch.utils.flop_counter in one process at many sizes. Prints the processor's seconds after the imports, and the counts."""

import json
import sys
from time import process_time

import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import resnet152


def counted(side: int) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(torch.empty(1, 3, side, side, device="meta"))
    return counter.get_total_flops()


sides = json.loads(sys.argv[1])
with torch.device("meta"):
    resnet152()  # what is imported when it is first needed is not counted
start = process_time()
with torch.device("meta"):
    net = resnet152().eval()
counts = [counted(side) for side in sides]
print(json.dumps([process_time() - start, counts]))
