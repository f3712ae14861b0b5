"""Forms of tensors on a link: lossless ones come back bit by bit, lossy ones within their step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cosim.models.transfer import Tensor, TransferForm, decode, encode

DTYPES = ["float32", "float64", "float16", "int64", "uint8"]
FORMS: tuple[TransferForm, ...] = ("fp32", "fp16", "int8", "lossless")
arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=1, min_side=0))
)
finite = hnp.arrays(
    np.float32,
    st.integers(1, 50),
    elements=st.floats(-(2.0**15), 2.0**15, width=32, allow_subnormal=False),
)


def sent(form: TransferForm, *values: np.ndarray) -> list[np.ndarray]:
    tensors = [Tensor(value.dtype.name, value.size) for value in values]
    data = encode(form, tensors, [value.tobytes() for value in values])
    parts = decode(form, tensors, data)
    return [np.frombuffer(p, v.dtype) for p, v in zip(parts, values, strict=True)]


@given(st.lists(arrays, max_size=4), st.sampled_from(["fp32", "lossless"]))
def test_lossless_forms_give_every_bit_back(values: list[np.ndarray], form: TransferForm) -> None:
    for back, value in zip(sent(form, *values), values, strict=True):
        assert back.tobytes() == value.tobytes()


@given(finite)
def test_half_precision_is_as_near_as_it_can_be(values: np.ndarray) -> None:
    (back,) = sent("fp16", values)
    assert (np.abs(back - values) <= np.maximum(np.abs(values) * 2.0**-11, 2.0**-25)).all()


@given(finite)
def test_eight_bits_are_within_half_a_step(values: np.ndarray) -> None:
    (back,) = sent("int8", values)
    step = (float(values.max()) - float(values.min())) / 255
    rounding = float(np.abs(values).max()) * 2.0**-22
    assert (np.abs(back.astype(float) - values) <= 0.5001 * step + rounding).all()


def test_what_a_form_cannot_hold_goes_to_the_nearest_that_it_can() -> None:
    values = np.array([-np.inf, -1.0, 3.0, np.inf, np.nan], np.float32)
    (levels,) = sent("int8", values)
    assert levels[:4].tolist() == pytest.approx([-1, -1, 3, 3])
    (halves,) = sent("fp16", np.array([1e30, -1e30], np.float32))
    assert halves.tolist() == [65504, -65504]
    (same,) = sent("int8", np.full(5, 0.1, np.float32))
    assert same.tolist() == np.full(5, 0.1, np.float32).tolist()


def test_bytes_shrink_as_the_form_says() -> None:
    tensors = [Tensor("float32", 1000), Tensor("int64", 10)]
    values = np.zeros(1000, np.float32).tobytes(), np.zeros(10, np.int64).tobytes()
    sizes = {form: len(encode(form, tensors, values)) for form in FORMS}
    assert sizes["fp32"] == 4080
    assert sizes["fp16"] == 2080
    assert sizes["int8"] == 16 + 1000 + 80
    assert sizes["lossless"] < 100


def test_what_cannot_be_compressed_grows_by_a_byte_only() -> None:
    noise = np.random.default_rng(1).integers(0, 256, 5000).astype(np.uint8).tobytes()
    assert len(encode("lossless", [Tensor("uint8", 5000)], [noise])) == 5001


@pytest.mark.parametrize("form", FORMS)
@given(data=st.binary(max_size=60))
def test_other_bytes_are_refused(form: TransferForm, data: bytes) -> None:
    tensors = [Tensor("float32", 5), Tensor("int64", 1)]
    try:
        parts = decode(form, tensors, data)
    except ValueError:
        return
    assert [len(part) for part in parts] == [20, 8]
