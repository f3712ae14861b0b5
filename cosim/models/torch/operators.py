"""Telling the kind of operator of a layer, by the name of what it calls."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from torch import fx, nn

# Names of module classes, functions and methods, in lower case without underscores, per kind.
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "activation": "elu gelu glu hardsigmoid hardswish hardtanh leakyrelu logsoftmax mish prelu"
        " relu6 selu sigmoid silu softmax softplus tanh",
        "add": "add",
        "arithmetic": "abs and clamp cos div eq exp floordiv ge gt le log lt maximum mean minimum"
        " mul ne neg pow rsqrt sin sqrt sub sum truediv",
        "attention": "multiheadattention scaleddotproductattention",
        "avg_pool": "adaptiveavgpool1d adaptiveavgpool2d adaptiveavgpool3d avgpool1d avgpool2d"
        " avgpool3d",
        "batch_norm": "batchnorm batchnorm1d batchnorm2d batchnorm3d syncbatchnorm"
        " nativebatchnormlegitnotraining",
        "concat": "cat concat stack",
        "conv": "conv1d conv2d conv3d convtranspose1d convtranspose2d convtranspose3d",
        "dropout": "dropout dropout1d dropout2d dropout3d alphadropout",
        "embedding": "embedding embeddingbag",
        "linear": "linear bilinear",
        "matmul": "matmul bmm mm addmm einsum",
        "max_pool": "adaptivemaxpool1d adaptivemaxpool2d adaptivemaxpool3d maxpool1d maxpool2d"
        " maxpool3d",
        "norm": "groupnorm instancenorm1d instancenorm2d instancenorm3d layernorm rmsnorm"
        " localresponsenorm",
        "recurrent": "gru grucell lstm lstmcell rnn rnncell",
        "relu": "relu",
        "reshape": "alias chunk clone contiguous expand flatten getattr getitem identity permute"
        " repeat reshape select size slice split splitwithsizes squeeze transpose unbind unflatten"
        " unsafeview unsqueeze view",
    }
)
_KIND_OF: Final[Mapping[str, str]] = MappingProxyType(
    {name: kind for kind, names in _NAMES.items() for name in names.split()}
)


def operator_kind(module: fx.GraphModule, node: fx.Node) -> str:
    """Kind of the layer, one of `cosim.models.kinds.OPERATOR_KINDS`; ``other`` when unfamiliar."""
    if node.op == "call_module":
        name = type(module.get_submodule(str(node.target))).__name__
    elif node.op == "call_method":
        name = str(node.target)
    else:
        name = getattr(node.target, "__name__", "").partition(".")[0]  # as in ``add.Tensor``
    return _kind_of(name)


def module_kind(module: nn.Module) -> str:
    """Kind of a layer that is a call of `module`."""
    return _kind_of(type(module).__name__)


def _kind_of(name: str) -> str:
    return _KIND_OF.get(name.lower().replace("_", ""), "other")
