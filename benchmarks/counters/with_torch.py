"""torch.utils.flop_counter on ResNet-152 without weights. Prints the count and the version."""

import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import resnet152

with torch.device("meta"):
    net, x = resnet152().eval(), torch.empty(1, 3, 224, 224)
with torch.no_grad(), FlopCounterMode(display=False) as counter:
    net(x)
print(counter.get_total_flops(), torch.__version__)
