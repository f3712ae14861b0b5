"""Split problems of shipped models on shipped devices."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cosim.models import load_device_profile, load_model_profile
from cosim.problems import Chain, energy_problem, latency_problem
from cosim.splitting import plan_cost_parts, solve_pareto, solve_sci
from cosim.splitting.study import Case, compare_forms, threshold_between

DEVICES = ["paper-ue", *["paper-iab-mec"] * 3, "paper-core-mec", "paper-cloud"]


def chain(rate: float = 50e6) -> Chain:
    devices = [load_device_profile(name) for name in DEVICES]
    return Chain(devices, [rate] * 5, [0.001] * 5)


def test_costs_are_those_of_the_profiles() -> None:
    model = load_model_profile("resnet18")
    problem = latency_problem(model, chain())
    ue = load_device_profile("paper-ue")
    assert problem.prefix_s[0, -1] == pytest.approx(ue.reference_latency_s)
    assert problem.transfer_s[0, 0] == pytest.approx(model.input_bytes * 8 / 50e6 + 0.001)
    assert (problem.transfer_s[:, -1] == 0).all()
    energy = energy_problem(model, chain())
    assert energy.prefix_s[0, -1] == pytest.approx(ue.reference_latency_s * ue.busy_watts)
    assert (energy.transfer_s[1:] == 0).all() and (energy.transfer_s[0, :-1] > 0).all()
    ue_only = energy_problem(model, chain(), count=("ue",))
    assert (ue_only.compute_s[1:] == 0).all() and (ue_only.compute_s[0] > 0).all()


def test_a_dead_link_is_infinite_but_for_the_result() -> None:
    problem = latency_problem(load_model_profile("resnet18"), chain(0.0))
    assert np.isinf(problem.transfer_s[:, :-1]).all() and (problem.transfer_s[:, -1] == 0).all()


def test_a_chain_needs_a_link_between_any_two_nodes() -> None:
    with pytest.raises(ValueError, match="rates_bps must have one entry"):
        Chain([load_device_profile("paper-ue")], [1.0], [])


@pytest.mark.parametrize("rate", [1e5, 1e7, 1e8, 1e9])
def test_the_papers_bound_on_communication(rate: float) -> None:
    """IV.D: at most UE-only less cloud-only compute; here the cloud is fastest on each layer."""
    problem = latency_problem(load_model_profile("resnet18"), chain(rate))
    plan = solve_sci(problem)
    _, communication = plan_cost_parts(problem, plan.boundaries)
    ue_only, cloud_only = problem.prefix_s[0, -1], problem.prefix_s[-1, -1]
    assert plan.cost <= ue_only * (1 + 1e-12)
    assert communication <= ue_only - cloud_only


def test_exact_form_on_a_real_profile() -> None:
    model = load_model_profile("resnet18")
    cases = []
    for rate in (10e6, 30e6, 100e6, 300e6):
        qa, be = latency_problem(model, chain(rate)), energy_problem(model, chain(rate))
        cases += [Case(qa, be, threshold_between(qa, be, share)) for share in (0.1, 0.5, 0.9)]
    results = {r.form: r for r in compare_forms(cases)}
    assert results["exact"].violations == 0
    assert all(not result.worst_excess < -1e-9 for result in results.values())
    for case in cases:
        plan = solve_pareto(case.qa, case.be, case.threshold)
        assert plan.meets and math.isfinite(plan.be)
