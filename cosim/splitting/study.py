"""How far the linear and the inverse-weight forms are from the exact one (spec section 5)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cosim.splitting.objectives import QualityAssurance, solve_inverse_weight, weighted_problem
from cosim.splitting.pareto import solve_pareto
from cosim.splitting.problem import SplitProblem, plan_cost
from cosim.splitting.solvers import solve_sci


@dataclass(frozen=True)
class Case:
    """A problem in two metrics, with the threshold that the first one must keep."""

    qa: SplitProblem
    be: SplitProblem
    threshold: float


@dataclass(frozen=True)
class FormResult:
    """What one form did on many cases, all of which some plan meets.

    Attributes
    ----------
    form
        ``exact``, ``inverse-weight``, ``linear`` (metrics weighted to be equal at UE-only), or
        ``linear-best``: the best of many weights, chosen with hindsight.
    cases
        How many.
    violations
        In how many the threshold was violated.
    worst_violation
        Largest qa over the threshold, as a fraction of it.
    mean_excess, worst_excess
        be above the exact form's, as a fraction of it, in the cases without violation; NaN when
        there are none.
    """

    form: str
    cases: int
    violations: int
    worst_violation: float
    mean_excess: float
    worst_excess: float


def compare_forms(cases: Iterable[Case], *, linear_weights: int = 21) -> tuple[FormResult, ...]:
    """Solve every case by each form. Cases that no plan meets are left out."""
    outcomes: dict[str, list[tuple[float, float]]] = {name: [] for name in _FORMS}
    for case in cases:
        exact = solve_pareto(case.qa, case.be, case.threshold)
        if not exact.meets:
            continue
        for form, boundaries in _solutions(case, exact.boundaries, linear_weights):
            over = plan_cost(case.qa, boundaries) / case.threshold - 1
            be = plan_cost(case.be, boundaries)
            excess = be / exact.be - 1 if exact.be > 0 else (0.0 if be == 0 else math.inf)
            outcomes[form].append((over, excess))
    return tuple(_result(form, outcomes[form]) for form in _FORMS)


def random_cases(count: int, *, nodes: int = 5, layers: int = 30, seed: int = 1) -> Iterator[Case]:
    """Cases without any structure, with thresholds between the least qa and that of least be."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        qa, be = (
            SplitProblem(
                rng.exponential(1.0, (nodes, layers)),
                np.c_[rng.exponential(layers / nodes, (nodes - 1, layers)), np.zeros(nodes - 1)],
            )
            for _ in range(2)
        )
        yield Case(qa, be, threshold_between(qa, be, rng.uniform(0.0, 1.0)))


def threshold_between(qa: SplitProblem, be: SplitProblem, share: float) -> float:
    """A threshold so far from the least qa (0) to the qa of the plan of least be (1)."""
    least = solve_sci(qa).cost
    loosest = plan_cost(qa, solve_sci(be).boundaries)
    # Just above the least, lest rounding decide whether anything meets it.
    return max(least + share * (loosest - least), least * (1 + 1e-9))


_FORMS = ("exact", "inverse-weight", "linear", "linear-best")


def _solutions(
    case: Case, exact: tuple[int, ...], linear_weights: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "exact", exact
    yield "inverse-weight", _inverse_weight(case)
    yield "linear", _linear(case, 0.5)
    shares = np.linspace(0.0, 1.0, linear_weights)
    yield "linear-best", _best([_linear(case, float(share)) for share in shares], case)


def _inverse_weight(case: Case) -> tuple[int, ...]:
    """Both terms scaled, so that neither the unit of qa nor that of be matters."""
    scale = 1.0 / max(float(case.be.prefix_s[0, -1]), 1e-300)
    qa = SplitProblem(case.qa.compute_s / case.threshold, case.qa.transfer_s / case.threshold)
    return solve_inverse_weight([QualityAssurance(qa, 1.0)], [case.be], [scale])


def _linear(case: Case, qa_share: float) -> tuple[int, ...]:
    scales = [max(float(problem.prefix_s[0, -1]), 1e-300) for problem in (case.qa, case.be)]
    weights = [qa_share / scales[0], (1 - qa_share) / scales[1]]
    return solve_sci(weighted_problem([case.qa, case.be], weights)).boundaries


def _best(plans: Sequence[tuple[int, ...]], case: Case) -> tuple[int, ...]:
    """The least be among the plans that meet the threshold, else the least qa."""

    def rank(plan: tuple[int, ...]) -> tuple[bool, float]:
        qa = plan_cost(case.qa, plan)
        violates = qa > case.threshold
        return violates, qa if violates else plan_cost(case.be, plan)

    return min(plans, key=rank)


def _result(form: str, outcomes: list[tuple[float, float]]) -> FormResult:
    over = np.array([o for o, _ in outcomes])
    violated = over > 1e-9
    excess = np.array([e for _, e in outcomes])[~violated] if outcomes else over
    return FormResult(
        form=form,
        cases=len(outcomes),
        violations=int(violated.sum()),
        worst_violation=float(over[violated].max()) if violated.any() else 0.0,
        mean_excess=float(excess.mean()) if excess.size else math.nan,
        worst_excess=float(excess.max()) if excess.size else math.nan,
    )
