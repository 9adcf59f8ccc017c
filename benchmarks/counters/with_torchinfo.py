"""torchinfo on ResNet-152 without weights. Prints the count and the version."""

import torch
import torchinfo
from torchvision.models import resnet152

with torch.device("meta"):
    net, x = resnet152().eval(), torch.empty(1, 3, 224, 224)
print(torchinfo.summary(net, input_data=x, verbose=0, device="meta").total_mult_adds, torchinfo.__version__)
