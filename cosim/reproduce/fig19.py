"""Figure 19: split RNN and collaborative learning against their standard forms (VII.E).

The links are those that a run on the mmWave network reports, report by report; on each state both
forms are solved, and the ratio is that of their mean costs. Time is compared, not energy: the paper
minimises energy under a limit of latency, and gives neither sizes nor weights.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure as Canvas

from cosim.models import layer_times_s, load_device_profile, load_model_profile
from cosim.reproduce.claim import Claim, close, shape
from cosim.reproduce.figure import Figure, finish
from cosim.reproduce.lab import Lab
from cosim.reproduce.loads import LOADS
from cosim.results import RunResult
from cosim.splitting import SplitProblem, path_seconds_per_byte, solve_sci, training_problem
from cosim.splitting.collaborative import (
    collaborative_problem,
    qmix_omega,
    solve_standard_collaborative,
)
from cosim.splitting.recurrent import RecurrentModule, linearised_problem, standard_problem

FloatArray = npt.NDArray[np.float64]

_DEVICES = ("paper-ue", "paper-iab-mec", "paper-core-mec", "paper-core-mec", "paper-cloud")
_LINKS = ("ue-access", "F", "G", "H")
_STATES = 40  # of the links, evenly spaced over the run
# A sequence labeller: embedding of 300, three GRU layers of 512 states, a classifier; float32. The
# paper says 200 modules and no sizes.
_RUNS = 200
_UNITS = (512, 512, 512)
_INPUT = 300
_OUTPUT = 20
# An agent of QMIX as its authors published it: an observation of 80, GRU of 64 states, 12 actions.
_AGENT = (80, 64, 64, 12)
_EPISODE = 60  # steps of an episode that one training step goes through
_BACKWARD = 2.12  # as `task.backward_ratio`


def reproduce(lab: Lab) -> Figure:
    """Ratios by load."""
    gains: dict[str, list[float]] = {"RNN": [], "QMIX": []}
    rates: dict[str, FloatArray] = {}
    for load in LOADS:
        run = lab.run("mmwave-iab", policy="ue-only", load=load, duration_s=20.0)
        down, up = _rates(run, towards_cloud=True), _rates(run, towards_cloud=False)
        rates[load] = down.mean(axis=0) / 1e6
        pairs = list(zip(down, up, strict=True))
        gains["RNN"].append(_gain([_rnn(*pair) for pair in pairs]))
        gains["QMIX"].append(_gain([_qmix(*pair) for pair in pairs]))
    left = ", ".join(f"{load} {'/'.join(f'{r:.0f}' for r in rate)}" for load, rate in rates.items())
    sizes = f"mean Mbps of access/F/G/H: {left}; sizes of the models are ours, the paper gives none"
    claims = tuple(_claims(gains, sizes))

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        place = np.arange(len(LOADS))
        for offset, (name, values) in zip((-0.2, 0.2), gains.items(), strict=True):
            axes.bar(place + offset, values, 0.4, label=name)
        axes.set_xticks(place, LOADS)
        axes.axhline(1.0, color="grey", linewidth=0.8)
        finish(axes, title="Standard over HiveMind's form", x="load", y="cost ratio")

    return Figure("19", "Non-linear models", claims, draw)


def _claims(gains: dict[str, list[float]], sizes: str) -> list[Claim]:
    rnn, qmix = gains["RNN"], gains["QMIX"]
    why = (
        f"{sizes}. The standard form sends states back over every link once in each of {_RUNS} "
        "runs, "
        "or, where that is dearer, leaves the whole module on the UE, as the other form then does "
        "too"
    )
    merging = (
        f"{sizes}. Without merging in mind the last layer stays on the UE, whose parameters then "
        "cross all links; where those are slow the ratio grows without bound"
    )
    return [
        close("19", "split RNN over standard, load low", 1.7, rnn[0], why),
        close("19", "split RNN over standard, load high", 2.3, rnn[2], why),
        close("19", "split QMIX over standard, load high", 1.5, qmix[2], merging),
        shape(
            "19",
            "neither is ever worse than the standard form",
            f"at least {min(rnn + qmix):.3f}",
            min(rnn + qmix) >= 0.999,
            why,
        ),
        shape(
            "19",
            "the RNN gains more under more load",
            ", ".join(f"{g:.2f}" for g in rnn),
            rnn[0] <= rnn[1] <= rnn[2],
            why,
        ),
    ]


def _gain(costs: list[tuple[float, float]]) -> float:
    standard, ours = np.array(costs).mean(axis=0)
    return float(standard / ours)


def _rates(run: RunResult, *, towards_cloud: bool) -> FloatArray:
    """Capacities of the links at some reports, shape ``(T, links)``, bit/s, at least 1 kbit/s."""
    children = {spec.name: spec.child for spec in run.scenario.links} | {"ue-access": "ue"}
    columns = []
    for link in _LINKS:
        rows = run.links[run.links["link"] == link]
        rows = rows[(rows["transmitter"] == children[link]) == towards_cloud]
        capacity = rows["capacity_bps"].to_numpy(dtype=np.float64)
        columns.append(capacity[np.linspace(0, capacity.size - 1, _STATES).astype(int)])
    return np.asarray(np.maximum(np.column_stack(columns), 1e3))


def _speeds() -> FloatArray:
    """FLOP/s of each node, as its device runs ResNet18."""
    model = load_model_profile("resnet18")
    seconds = [layer_times_s(model, load_device_profile(name)).sum() for name in _DEVICES]
    return np.asarray(model.flops.sum() / np.array(seconds))


def _rnn(down: FloatArray, up: FloatArray) -> tuple[float, float]:
    """Cost of the standard and of the linearised form, s."""
    inputs = (_INPUT, *_UNITS[:-1])
    flops = [6.0 * units * (units + size) for units, size in zip(_UNITS, inputs, strict=True)]
    flops.append(2.0 * _UNITS[-1] * _OUTPUT)
    layer_s = np.array(flops) / _speeds()[:, None]
    module = RecurrentModule(
        _RUNS, [4 * u for u in (*_UNITS, _OUTPUT)], [*(4 * u for u in _UNITS), 0], 4 * _INPUT
    )
    delays = np.zeros(len(_LINKS))
    standard = standard_problem(module, layer_s, 8 / down, delays, 8 / up)
    linear = linearised_problem(module, layer_s, 8 / down, delays)
    return solve_sci(standard).cost, solve_sci(linear).cost


def _qmix(down: FloatArray, up: FloatArray) -> tuple[float, float]:
    """Cost of the plan without and with the merging of parameters in mind, s."""
    observed, hidden, states, actions = _AGENT
    weights = np.array([observed * hidden, 6 * hidden * states, states * actions], dtype=np.float64)
    forward = 2.0 * weights * _EPISODE / _speeds()[:, None]
    live = 4.0 * _EPISODE * np.array([observed, hidden, states, 0])
    inference = SplitProblem(forward, 8 * live / down[:, None])
    gradient = 8 * live / up[:, None]
    gradient[:, 0] = 0.0  # the observation is not trained
    training = training_problem(inference, _BACKWARD * forward, gradient)
    path = path_seconds_per_byte(down, up)
    params = 4.0 * float(weights.sum())
    omega = qmix_omega(params, 0.0, path)
    standard = solve_standard_collaborative(training, omega).cost
    return standard, solve_sci(collaborative_problem(training, omega)).cost
