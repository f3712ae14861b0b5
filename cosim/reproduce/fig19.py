"""Figure 19: split RNN and collaborative learning against their standard forms (VII.E).

Runs of the library's own models: `rnn`, a sequence labeller of 200 GRU modules as the paper's, and
`qmix-agent`. As there, the aim is least energy, of the UE and the IAB MECs, with latency below
120 ms; energies are compared.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

import numpy as np
from matplotlib.figure import Figure as Canvas

from cosim.reproduce.claim import Claim, close, shape
from cosim.reproduce.figure import Figure, finish, label_plainly
from cosim.reproduce.lab import Lab, Override, done, mean_j, mean_ms
from cosim.reproduce.loads import LOADS
from cosim.results import RunResult

_DURATION_S: Final = 20.0
_AIM: Final[tuple[Override, ...]] = (
    ("objective.latency_limit", "120 ms"),
    ("energy.count", ["ue", "iab", "donor"]),
)
_FORMS: Final = "cosim.reproduce.standard_forms"


class Case(NamedTuple):
    """A non-linear model, and the policy that is its standard form."""

    name: str
    model: str
    standard: str
    task: Override


_PAPER: Final = {"RNN": {"low": 1.7, "high": 2.3}, "QMIX": {"high": 1.5}}
_RNN: Final = Case("RNN", "rnn", f"{_FORMS}:RnnStandardQa", ("task.runs", 200))
_QMIX: Final = Case("QMIX", "qmix-agent", f"{_FORMS}:CollabStandardQa", ("task.kind", "qmix"))


class Pair(NamedTuple):
    """The runs of a case at one load."""

    hivemind: RunResult
    standard: RunResult

    @property
    def gain(self) -> float:
        """Mean energy of the standard form over HiveMind's."""
        return mean_j(self.standard) / mean_j(self.hivemind)


def reproduce(lab: Lab) -> Figure:
    """Ratios by load."""
    rnn, qmix = _pairs(lab, _RNN), _pairs(lab, _QMIX)
    gains = {case.name: [p.gain for p in pairs] for case, pairs in ((_RNN, rnn), (_QMIX, qmix))}

    def draw(canvas: Canvas) -> None:
        axes = canvas.subplots()
        place = np.arange(len(LOADS))
        for offset, (name, values) in zip((-0.2, 0.2), gains.items(), strict=True):
            axes.bar_label(axes.bar(place + offset, values, 0.4, label=name), fmt="%.1f")
            for load, ratio in _PAPER[name].items():
                at = LOADS.index(load) + offset
                label = "paper" if name == "RNN" and load == "low" else "_"
                axes.hlines(ratio, at - 0.2, at + 0.2, color="black", linestyle=":", label=label)
        axes.set_xticks(place, LOADS)
        axes.axhline(1.0, color="grey", linewidth=0.8)
        axes.set(yscale="log", ylim=(0.5, None))
        label_plainly(axes.yaxis)
        finish(
            axes,
            title="Mean energy with a limit of 120 ms, standard form over HiveMind's",
            x="load",
            y="ratio",
            headroom=2.0,  # of a logarithmic axis
        )

    return Figure("19", "Non-linear models", tuple(_claims(rnn, qmix)), draw)


def _pairs(lab: Lab, case: Case) -> list[Pair]:
    pairs = []
    for load in LOADS:
        hivemind, standard = (
            lab.run(
                "mmwave-iab",
                policy=policy,
                load=load,
                duration_s=_DURATION_S,
                model=case.model,
                overrides=[*_AIM, case.task],
            )
            for policy in ("hivemind-qa", case.standard)
        )
        pairs.append(Pair(hivemind, standard))
    return pairs


def _claims(rnn: list[Pair], qmix: list[Pair]) -> list[Claim]:
    gains = [pair.gain for pair in (*rnn, *qmix)]
    states = (
        f"{_seen(rnn)}. A module that is split goes over the UE's radio in each of the 200 runs, "
        "which takes more than computing all of it; that takes the same at every load, and "
        "HiveMind's form more at load high"
    )
    merging = (
        f"{_seen(qmix)}. Without merging in mind the last layer stays on the UE, whose radio then "
        "sends the parameters for as long as the slowest of all links takes"
    )
    rising = ", ".join(f"{pair.gain:.2f}" for pair in rnn)
    return [
        *(
            close(
                "19",
                f"split {name} over standard, mean energy, load {load}",
                ratio,
                pairs[LOADS.index(load)].gain,
                reason,
            )
            for name, pairs, reason in (("RNN", rnn, states), ("QMIX", qmix, merging))
            for load, ratio in _PAPER[name].items()
        ),
        shape(
            "19",
            "neither is ever worse than the standard form",
            f"at least {min(gains):.3f}",
            min(gains) >= 1.0,
            f"{states}; {merging}",
        ),
        shape(
            "19",
            "the RNN gains more under more load",
            rising,
            rnn[0].gain <= rnn[1].gain <= rnn[2].gain,
            states,
        ),
    ]


def _seen(pairs: list[Pair]) -> str:
    """Mean latencies, and where the standard form ran most often."""
    loads = ", ".join(
        f"{load} {mean_j(pair.hivemind):.3f} ({mean_ms(pair.hivemind):.0f}) and "
        f"{mean_j(pair.standard):.3f} ({mean_ms(pair.standard):.0f}), there {_plan(pair)}"
        for load, pair in zip(LOADS, pairs, strict=True)
    )
    return f"mean J (ms) with HiveMind's form and the standard one: {loads}"


def _plan(pair: Pair) -> str:
    """The standard form's most frequent plan: layers by node."""
    tasks = done(pair.standard)
    rows = zip(tasks["route"], tasks["boundaries"], strict=True)
    plans = Counter(
        ", ".join(
            f"{node} {end - begin}"
            for node, begin, end in zip(route, ends[:-1], ends[1:], strict=True)
            if end > begin
        )
        for route, ends in rows
    )
    (plan, _), *_ = plans.most_common(1)
    return plan
