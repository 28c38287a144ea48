"""Parser `segformer`: clothes and body parts by a SegFormer that was trained on ATR's labels.

`load_network` checks the weights and readies a backend; each thread's `SegformerParser` shares it. `exported` makes, of
the weights that `locate` found, the file that a tailor without torch serves. Importing this package imports neither
torch nor ONNX Runtime.
"""

from tailor.parsers.segformer.exported import exported
from tailor.parsers.segformer.network import Network, load_network
from tailor.parsers.segformer.parser import SegformerParser
from tailor.parsers.segformer.preparation import SIDE
from tailor.parsers.segformer.weights import locate

__all__ = ["SIDE", "Network", "SegformerParser", "exported", "load_network", "locate"]
