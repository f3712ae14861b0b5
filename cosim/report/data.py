"""What a report shows, as frozen structures that become the JSON inside the page.

Columns are lists of equal length. Times are integer microseconds since the start of the run, nodes
and plans are places in `RunView.nodes` and `RunView.plans`: a page of 10,000 tasks stays near 1 MB.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

HOP_NUMBERS: Final = 5
"""How many numbers `Tasks.hops` has for each hop."""


class Node(Struct, frozen=True, kw_only=True):
    """One node, and where it is drawn.

    Attributes
    ----------
    x_m, y_m
        Position; of a node that has none (wired), a place beside the radio network.
    placed
        Whether the scenario gives the position.
    """

    name: str
    kind: str
    x_m: float
    y_m: float
    placed: bool
    computes: bool


class Uplink(Struct, frozen=True, kw_only=True):
    """A fixed link, and whereto it leads: to ``parents[i]`` from ``since_us[i]`` on.

    The parent is None while its node sleeps. A node may have several.
    """

    name: str
    child: int
    wireless: bool
    since_us: list[int]
    parents: list[int | None]


class Ue(Struct, frozen=True, kw_only=True):
    """How a UE moves and who serves it: it is at ``(x_m[i], y_m[i])`` at ``time_us[i]``."""

    node: int
    time_us: list[int]
    x_m: list[float]
    y_m: list[float]
    serving_us: list[int]
    serving: list[int]


class Plan(Struct, frozen=True):
    """Node ``route[i]`` ran the layers after ``boundaries[i]`` up to ``boundaries[i + 1]``."""

    route: list[int]
    boundaries: list[int]


class Tasks(Struct, frozen=True, kw_only=True):
    """Finished tasks in the order of their start.

    Attributes
    ----------
    transfer_us, queue_us, compute_us
        By task.
    hops
        All hops of the first task, then of the second and so on, `HOP_NUMBERS` each: the time to
        reach the node, then queue and compute there; the age of the newest split cost information
        (SCI) when the task came, and how long that took from the node downstream; -1 where there
        was none.
    """

    task_id: list[int]
    ue: list[int]
    plan: list[int]
    start_us: list[int]
    latency_us: list[int]
    transfer_us: list[int]
    queue_us: list[int]
    compute_us: list[int]
    energy_mj: list[int]
    hops: list[int]


class Forecasts(Struct, frozen=True, kw_only=True):
    """What was expected of a link: ``kbps[i]`` for the moment ``due_us[i]``, told earlier.

    Attributes
    ----------
    mean_error
        Of all forecasts, relative to the capacity that came; None when nothing can be compared.
    """

    due_us: list[int]
    kbps: list[int]
    mean_error: float | None


class Link(Struct, frozen=True, kw_only=True):
    """Capacity of a link towards the cloud over time; means of short stretches of a long run."""

    name: str
    transmitter: str
    receiver: str
    time_us: list[int]
    kbps: list[int]
    low_kbps: list[int]
    high_kbps: list[int]
    forecasts: Forecasts | None = None


class RunView(Struct, frozen=True, kw_only=True):
    """One run, in detail.

    Attributes
    ----------
    series
        Its place in `Report.series`.
    in_order
        Whether the hops of a task are in the order of time (a training step also goes back).
    resplit_us
        Starts of tasks that were split otherwise than the UE's task before.
    manifest, details
        Names and values, as they are shown; the latter when they are asked for.
    """

    label: str
    directory: str
    series: int
    status: str
    reason: str | None
    duration_us: int
    layers: int
    in_order: bool
    unfinished: int
    nodes: list[Node]
    uplinks: list[Uplink]
    ues: list[Ue]
    plans: list[Plan]
    tasks: Tasks
    links: list[Link]
    resplit_us: list[int]
    manifest: list[tuple[str, str]]
    details: list[tuple[str, str]]


class Spread(Struct, frozen=True, kw_only=True):
    """Mean, quantiles and distribution of one quantity: ``share[i]`` of it is at most ``x[i]``."""

    mean: float
    p50: float
    p95: float
    max: float
    x: list[float]
    share: list[float]


class PlanMean(Struct, frozen=True, kw_only=True):
    """A plan in words, how many tasks had it, and their mean latency and energy."""

    label: str
    tasks: int
    latency_ms: float
    energy_j: float


class Series(Struct, frozen=True, kw_only=True):
    """All runs that differ in nothing but the seed: one curve.

    Attributes
    ----------
    latency_ms, energy_j
        None without a finished task.
    points
        Latency in ms and energy in J of single tasks, a sample of them when they are many.
    plans
        The most frequent ones.
    """

    label: str
    policy: str
    runs: int
    done: int
    unfinished: int
    latency_ms: Spread | None
    energy_j: Spread | None
    points: list[tuple[float, float]]
    plans: list[PlanMean]


class Report(Struct, frozen=True, kw_only=True):
    """The whole page.

    Attributes
    ----------
    without_details
        Labels of the runs that are in the curves only.
    """

    title: str
    subtitle: str
    version: str
    series: list[Series]
    runs: list[RunView]
    without_details: list[str]
