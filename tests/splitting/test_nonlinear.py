"""Recurrent networks and collaborative learning, against counts from first principles."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosim.splitting import SplitProblem, plan_cost, solve_exhaustive, solve_sci
from cosim.splitting.collaborative import (
    collaborative_problem,
    distributed_omega,
    federated_omega,
    local_omega,
    qmix_omega,
    solve_standard_collaborative,
)
from cosim.splitting.recurrent import (
    RecurrentModule,
    folded_line,
    linearised_live_bytes,
    linearised_problem,
    local_standard,
    standard_problem,
)
from cosim.splitting.training import path_seconds_per_byte


@st.composite
def modules(draw: st.DrawFn) -> RecurrentModule:
    runs, layers = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    size = st.integers(0, 9)
    return RecurrentModule(
        runs,
        [draw(size) for _ in range(layers)],
        [draw(size) for _ in range(layers)],
        draw(size),
        keeps_sequence=draw(st.booleans()),
    )


def tensors(module: RecurrentModule) -> list[tuple[float, int, int]]:
    """Every tensor: bytes, after which layer it exists, up to which layer it is needed."""
    runs, layers, end = module.runs, module.layers, module.runs * module.layers
    found = []
    for r, layer in itertools.product(range(runs), range(layers)):
        here = r * layers + layer + 1
        if layer == 0:
            found.append((module.input_bytes, 0, here))
        if layer < layers - 1:
            found.append((module.activation_bytes[layer], here, here + 1))
        elif module.keeps_sequence:
            found.append((module.activation_bytes[layer], here, end))
        if r < runs - 1:
            found.append((module.hidden_bytes[layer], here, here + layers))
    return found


@given(modules())
@settings(max_examples=200)
def test_what_crosses_a_boundary_is_every_tensor_that_is_still_needed(
    module: RecurrentModule,
) -> None:
    live = linearised_live_bytes(module)
    assert live.size == module.runs * module.layers + 1
    for b, value in enumerate(live[:-1]):
        assert value == sum(s for s, made, needed in tensors(module) if made <= b < needed)
    assert live[-1] == 0


@given(modules(), st.integers(1, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_the_linearised_problem_and_the_standard_one_cost_what_they_should(
    module: RecurrentModule, nodes: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    times = rng.integers(0, 9, (nodes, module.layers)).astype(float)
    rate, delay, back = (rng.integers(0, 5, nodes - 1).astype(float) for _ in range(3))
    line = linearised_problem(module, times, rate, delay)
    if line.layers <= 8:
        assert solve_sci(line).cost == solve_exhaustive(line).cost
    standard = standard_problem(module, times, rate, delay, back)
    for plan in itertools.combinations_with_replacement(range(module.layers + 1), nodes - 1):
        ends = (0, *plan, module.layers)
        assert plan_cost(standard, ends) == _standard_by_hand(
            module, times, rate, delay, back, ends
        )
    # On the UE alone both run every layer R times and send nothing.
    alone = [0] + [line.layers] * nodes
    assert plan_cost(line, alone) == plan_cost(standard, [0] + [module.layers] * nodes)


def _standard_by_hand(
    module: RecurrentModule, times: Any, rate: Any, delay: Any, back: Any, ends: tuple[int, ...]
) -> float:
    nodes = len(times)
    cost = 0.0
    holder = next(p for p in range(nodes) if ends[p + 1] == module.layers)
    for run in range(module.runs):
        for p in range(nodes):
            cost += times[p, ends[p] : ends[p + 1]].sum()
            b = ends[p + 1]
            size = 0.0
            if p < nodes - 1 and b < module.layers:
                size = module.input_bytes if b == 0 else module.activation_bytes[b - 1]
            cost += size * rate[p] + delay[p] if size else 0.0
        state = module.hidden_bytes.sum()
        if run < module.runs - 1 and state:
            cost += sum(state * back[q] + delay[q] for q in range(holder))
    return cost


@given(modules(), st.integers(2, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_the_standard_way_can_be_booked_at_each_link(
    module: RecurrentModule, nodes: int, seed: int
) -> None:
    """Nodes that know their own link only find the same costs as `standard_problem`."""
    rng = np.random.default_rng(seed)
    times = rng.integers(0, 9, (nodes, module.layers)).astype(float)
    rate, back = (rng.integers(0, 5, nodes - 1).astype(float) for _ in range(2))
    none = np.zeros(nodes - 1)
    standard = standard_problem(module, times, rate, none, back)
    crossing = np.concatenate(([module.input_bytes], module.activation_bytes[:-1], [0.0]))
    state = module.hidden_bytes.sum()
    links = [
        local_standard(rate[p] * crossing, module.runs, state * back[p]) for p in range(nodes - 1)
    ]
    local = SplitProblem(times * module.runs, np.array(links))
    for plan in itertools.combinations_with_replacement(range(module.layers + 1), nodes - 1):
        ends = (0, *plan, module.layers)
        assert plan_cost(local, ends) == plan_cost(standard, ends)


@given(modules())
@settings(max_examples=200)
def test_a_line_folds_back_to_its_module(module: RecurrentModule) -> None:
    """What is known of the line: all sizes, but not which layer has which part of the state."""
    line = linearised_live_bytes(module)
    if module.runs < 3:
        with pytest.raises(ValueError, match="no line of"):
            folded_line(line, module.runs)
        return
    folded = folded_line(line, module.runs)
    assert folded.layers == module.layers and folded.input_bytes == module.input_bytes
    assert folded.hidden_bytes.sum() == module.hidden_bytes.sum()
    np.testing.assert_allclose(folded.activation_bytes[:-1], module.activation_bytes[:-1])
    assert folded.activation_bytes[-1] == module.activation_bytes[-1] * module.keeps_sequence


def test_what_is_no_line_of_equal_modules_is_refused() -> None:
    line = linearised_live_bytes(RecurrentModule(5, [4, 3], [2, 1], 6))
    line[4] += 3
    for live, runs in ((line, 5), (line[:-1], 5), (line, 4), (np.arange(11.0) ** 2, 5)):
        with pytest.raises(ValueError, match="line of"):
            folded_line(live, runs)


def test_linearising_saves_the_way_back_of_the_hidden_state() -> None:
    """A module that is best shared by two nodes, with a large state (Fig. 9)."""
    module = RecurrentModule(10, [100, 100], [50_000, 50_000], 100)
    times = np.array([[0.010, 0.010], [0.001, 0.001]])
    link, delay = [8 / 20e6], [0.002]
    line = solve_sci(linearised_problem(module, times, link, delay))
    standard = solve_sci(standard_problem(module, times, link, delay, link))
    assert line.cost < standard.cost / 1.5


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 5))
def test_merging_costs_by_where_the_final_layer_is(seed: int, nodes: int, layers: int) -> None:
    rng = np.random.default_rng(seed)
    training = SplitProblem(
        rng.integers(0, 9, (nodes, layers)), rng.integers(0, 9, (nodes - 1, layers + 1))
    )
    omega = rng.integers(0, 20, nodes).astype(float)
    whole = collaborative_problem(training, omega)
    for plan in itertools.combinations_with_replacement(range(layers + 1), nodes - 1):
        ends = (0, *plan, layers)
        holder = next(p for p in range(nodes) if ends[p + 1] == layers)
        assert plan_cost(whole, ends) == plan_cost(training, ends) + omega[holder]
    best, standard = solve_sci(whole), solve_standard_collaborative(training, omega)
    assert best.cost == solve_exhaustive(whole).cost <= standard.cost


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(1, 5), st.data())
def test_merging_can_be_booked_at_each_link(
    seed: int, nodes: int, layers: int, data: st.DataObject
) -> None:
    """Nodes that know their own link only find the same costs as with omega."""
    rng = np.random.default_rng(seed)
    training = SplitProblem(
        rng.integers(0, 9, (nodes, layers)), rng.integers(0, 9, (nodes - 1, layers + 1))
    )
    down, up = (8.0 / rng.integers(1, 5, nodes - 1) for _ in range(2))
    server = data.draw(st.integers(0, nodes - 1))
    path = path_seconds_per_byte(down, up, "hops")
    whole = collaborative_problem(training, qmix_omega(3.0, 2.0, path, mixer=server))
    transfer = training.transfer_s.copy()
    for p in range(nodes - 1):
        downstream = p < server
        there, back = (8 / down[p], 8 / up[p]) if downstream else (8 / up[p], 8 / down[p])
        transfer[p] += local_omega(3 * there, 5 * back, layers, merges_downstream=downstream)
    local = SplitProblem(training.compute_s, transfer)
    for plan in itertools.combinations_with_replacement(range(layers + 1), nodes - 1):
        ends = (0, *plan, layers)
        assert plan_cost(local, ends) == pytest.approx(plan_cost(whole, ends))


def test_what_omega_is_in_each_kind_of_learning() -> None:
    path = path_seconds_per_byte([8e6, 4e6], [2e6, 1e6], "hops")  # bytes: 1, 2 us; back 4, 8 us
    np.testing.assert_allclose(federated_omega(1e6, path), [3 + 12, 2 + 8, 0])
    np.testing.assert_allclose(federated_omega(1e6, path, local_steps=5), [3.0, 2.0, 0])
    np.testing.assert_allclose(federated_omega(1e6, path, server=0), [0, 4 + 1, 12 + 3])
    np.testing.assert_allclose(distributed_omega(1e6, path, agents=4), [4.5, 3.0, 0])
    assert (distributed_omega(1e6, path, agents=1) == 0).all()
    np.testing.assert_allclose(qmix_omega(1e6, 1e6, path, interval=2), [13.5, 9.0, 0])
    assert (federated_omega(0.0, path) == 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: RecurrentModule(0, [1], [1], 1), "runs is 0"),
        (lambda: RecurrentModule(1, [], [], 1), "activation_bytes is empty"),
        (lambda: RecurrentModule(1, [1], [1, 2], 1), r"hidden_bytes must have shape \(1,\)"),
        (lambda: RecurrentModule(1, [1], [-1], 1), r"hidden_bytes\[0\] is -1"),
        (
            lambda: linearised_problem(RecurrentModule(1, [1], [1], 1), [[1.0, 2.0]], [], []),
            r"layer_s must have shape \(1, 1\)",
        ),
        (
            lambda: collaborative_problem(SplitProblem([[1.0]], []), [-2.0]),
            r"omega_s\[0\] is -2",
        ),
        (lambda: federated_omega(1.0, np.zeros((1, 1)), local_steps=0), "local_steps is 0"),
        (lambda: distributed_omega(1.0, np.zeros((1, 1)), agents=0), "agents is 0"),
    ],
)
def test_bad_arguments_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
