"""fvcore on ResNet-152: it traces the network, which it cannot do without weights. Prints the count and the version."""

from importlib.metadata import version

import torch
from fvcore.nn import FlopCountAnalysis
from torchvision.models import resnet152

net, x = resnet152().eval(), torch.empty(1, 3, 224, 224)
print(FlopCountAnalysis(net, x).unsupported_ops_warnings(False).total(), version("fvcore"))
