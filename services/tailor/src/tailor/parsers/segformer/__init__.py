"""Parser `segformer`: clothes and body parts by a SegFormer that was trained on ATR's labels.

`load_network` finds the weights and readies a backend; each thread's `SegformerParser` shares it. Importing this
package imports neither torch nor ONNX Runtime.
"""

from tailor.parsers.segformer.network import Network, load_network
from tailor.parsers.segformer.parser import SegformerParser

__all__ = ["Network", "SegformerParser", "load_network"]
