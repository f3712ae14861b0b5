"""What crosses a boundary as plain bytes comes back as it was."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from traced_models import CASES, EXPORTED, Function, same  # noqa: E402

from cosim.errors import ProfileError  # noqa: E402
from cosim.models.torch import (  # noqa: E402
    assemble_output,
    bind_inputs,
    count_bytes,
    measure_sizes,
    run_layers,
    trace_model,
)
from cosim.models.torch.values import tensors_in  # noqa: E402
from cosim.models.torch.wire import layouts_of  # noqa: E402

pytestmark = pytest.mark.torch


def test_only_what_has_a_size_can_cross() -> None:
    assert count_bytes((torch.zeros(3), 2, [1.0, None])) == 12 + 3 * 8
    assert count_bytes({"type": torch.float32, "device": torch.device("cpu")}) == 0
    with pytest.raises(ProfileError, match="of type set"):
        count_bytes({1, 2})


def odd_values(module: Any, x: Any) -> Any:
    whole = x.t()  # a transposed view
    wide = x[:1].expand(5, 4)  # one row in memory
    rows, scale = x.size(0), 0.5
    later = {"half": whole.to(torch.bfloat16), "mask": x > 0, "none": None}
    parts = torch.chunk(wide, 2, dim=1)
    return whole * scale + rows, parts[0] + parts[1], later["half"], later["mask"]


class Named(OrderedDict[str, Any]):
    """A dict whose items are attributes too, as models of Hugging Face return."""

    def __init__(self, spectrum: Any) -> None:
        super().__init__(spectrum=spectrum)

    def __getattr__(self, name: str) -> Any:
        return self[name]


def opaque(module: Any, x: Any) -> Any:
    return Named(spectrum=torch.fft.fft(x)) if x.sum() < 1e9 else x


def conjugated(module: Any, x: Any) -> Any:
    """Conjugates and negatives that torch has put off, of what one part gives by name."""
    other = module.parts[0](x).spectrum.conj()
    return other.imag * 2, other


@pytest.mark.parametrize("name", ["odd", "conjugated", *CASES, *EXPORTED])
def test_values_come_back_from_their_bytes_with_their_layout(name: str) -> None:
    others = {
        "odd": Function(odd_values),
        "conjugated": Function(conjugated, Function(opaque)),
    }
    model = (others | CASES | EXPORTED)[name]
    x = torch.linspace(-2, 2, 12).reshape(3, 4)
    graph = trace_model(model, x)
    layouts = layouts_of(graph, x)
    sizes = measure_sizes(graph, x).live_bytes
    values = bind_inputs(graph, x)
    for boundary in range(graph.layer_count + 1):
        parts = layouts[boundary].pack(values)
        assert [len(part) for part in parts] == [t.nbytes for t in layouts[boundary].tensors]
        assert sum(map(len, parts)) == sizes[boundary]
        back = layouts[boundary].unpack(parts)
        same(list(tensors_in(back)), list(tensors_in(values)))
        assert [t.stride() for t in tensors_in(back)] == [t.stride() for t in tensors_in(values)]
        if boundary < graph.layer_count:
            values = run_layers(graph, boundary, boundary + 1, back)
    same(assemble_output(graph, values), model(x.clone()))
