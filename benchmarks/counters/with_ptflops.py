"""ptflops on ResNet-152, with weights: without them it counts the last layer twice. Prints the count and the version."""

from importlib.metadata import version

from ptflops import get_model_complexity_info
from torchvision.models import resnet152

options = {"as_strings": False, "print_per_layer_stat": False, "verbose": False}
print(get_model_complexity_info(resnet152().eval(), (3, 224, 224), backend="pytorch", **options)[0], version("ptflops"))
