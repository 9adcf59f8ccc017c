"""thop on ResNet-152 without weights. Prints the count and the version."""

from importlib.metadata import version

import torch
from thop import profile
from torchvision.models import resnet152

with torch.device("meta"):
    net, x = resnet152().eval(), torch.empty(1, 3, 224, 224)
print(int(profile(net, inputs=(x,), verbose=False)[0]), version("thop"))
