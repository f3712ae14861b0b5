"""What a scenario may say: frozen structures that a TOML file is decoded into.

A quantity is written with its unit (``capacity = "400 Mbps"``); the type of the field names the
unit that it was converted to (see `cosim.units`), so no field name needs to repeat it. Positions
are plain numbers in metres and say so in their name. What types cannot express is checked in
`cosim.scenario.check` and `cosim.scenario.topology`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cosim.units import (
    Decibels,
    DurationNs,
    FrequencyHz,
    MetresPerSecond,
    PowerDbm,
    RateBps,
    SizeBytes,
)

NodeKind = Literal["ue", "iab", "donor", "core", "cloud"]
LinkKind = Literal["wireless", "wired"]
LoadLevel = Literal["low", "mid", "high"]
ChannelCondition = Literal["los", "nlos", "auto"]
# The last three are training steps that end with a merging of the agents' parameters.
TaskKind = Literal["inference", "training", "federated", "distributed", "qmix"]
ArrivalKind = Literal["closed-loop", "periodic", "poisson"]
Discipline = Literal["fifo", "processor-sharing"]
SciTrigger = Literal["periodic", "on-change", "on-task"]
TransferForm = Literal["fp32", "fp16", "int8", "lossless"]
TaskTiming = Literal["profile", "measured"]
ForecasterName = Literal["none", "last", "ewma", "autoregressive", "learned", "oracle"]
Environment = Literal["UMi-StreetCanyon", "UMa", "RMa"]
McsTable = Literal["64qam", "256qam", "64qam-low-se"]
SlotSharing = Literal["time", "frequency"]
Scheduler = Literal["proportional-fair", "round-robin", "max-rate"]
RlcMode = Literal["acknowledged", "unacknowledged"]
HalfDuplex = Literal["none", "by-depth", "dynamic"]
BackhaulChannels = Literal["aggregated", "per-user"]
QueueDiscipline = Literal["drop-tail", "codel", "fq-codel", "pie"]
TopologyAction = Literal["sleep", "wake", "parent"]
BackgroundTraffic = Literal["backlog", "packets"]


class ComputeSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the nodes' processors serve tasks that meet there."""

    discipline: Discipline = "fifo"


class StateSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state that a layer of a recurrent module hands to itself in the next run."""

    layer: str
    size: SizeBytes


class TaskSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The split task of every computing UE, and how a UE comes to the next one.

    ``closed-loop``: `think_time` after the end of the one before. ``periodic`` and ``poisson``:
    after `interval`, or that on average, whatever became of the ones before.

    A recurrent model has `runs` of more than 1. Its profile is either that of one module, and
    `states` says which of its layers have one; or that of the unrolled line, without `states`.

    In collaborative learning (`kind` is ``federated``, ``distributed`` or ``qmix``) parameters
    merge at the node `merge_at`, by default the one at the root of the tree.
    """

    model: str = "resnet18"
    kind: TaskKind = "inference"
    # Training: backward over forward time, 22.3 over 10.5 ms for ResNet18 on a GTX 1080 Ti at batch
    # 16 (jcjohnson/cnn-benchmarks).
    backward_ratio: float = 2.12
    runs: int = 1  # of a recurrent module, the length of its input sequence
    states: tuple[StateSpec, ...] = ()
    merge_at: str | None = None
    merge_interval: int = 1  # steps from one merging to the next
    agents: int = 4  # `distributed`: in the ring, whether simulated or not
    mixer: SizeBytes = SizeBytes(0)  # `qmix`: what comes back besides the agent's parameters
    transfer: TransferForm = "fp32"  # form of tensors on links; coding takes time at both ends
    execute: bool = False  # really run the model, and let its tensors' bytes cross the network
    timing: TaskTiming = "profile"  # of what is run: the profile's, or as measured while it runs
    arrivals: ArrivalKind = "closed-loop"
    interval: DurationNs = DurationNs(100_000_000)
    start: DurationNs = DurationNs(0)  # no task begins before: other traffic needs time to build up
    think_time: DurationNs = DurationNs(0)  # between the end of a task and the next one's start
    timeout: DurationNs = DurationNs(2_000_000_000)  # after which the UE gives up waiting
    link_patience: DurationNs = DurationNs(100_000_000)  # the same while its own link is dead


class SciSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When split cost information is refreshed.

    ``periodic``: every period. ``on-change``: a node tells its costs when the capacity of its way
    downstream changed by more than the fraction `change`. ``on-task``: a UE asks for an update
    before each task, and starts the task when it comes. With the latter two the sink still starts
    an update every tenth period, for what was lost.
    """

    period: DurationNs = DurationNs(50_000_000)
    trigger: SciTrigger = "periodic"
    change: float = 0.2


class PredictionSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Predictive splitting (HiveMind IV.F): tell costs as they will be when the task comes.

    ``oracle`` (Fig. 16, 17) and ``learned`` (with torch) need the directory of an earlier run as
    `trace`: one of the same scenario and seed for the former, any for the latter.
    """

    forecaster: ForecasterName = "none"
    trace: str | None = None
    error: float = 0.0  # of the oracle: standard deviation, as a fraction of the true capacity
    tasks: int = 8  # g: over how many tasks the lag is averaged
    coherence: DurationNs = DurationNs(10_000_000)  # a smaller lag switches it off


class ObjectiveSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the policies that look at latency and energy aim at."""

    latency_weight: float = 1.0  # per second, of `linear`
    energy_weight: float = 1.0  # per joule, of `linear` and `hivemind-qa`
    # Of `hivemind-qa` and `hivemind-pareto`; none is no limit.
    latency_limit: DurationNs | None = None
    # Most points that `hivemind-pareto` tells, but for those of least latency. With so many,
    # ResNet152's message is below 4 kB.
    front_cap: int = 550


class EnergySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose energy is counted in `energy_j`."""

    count: tuple[NodeKind, ...] = ("ue", "iab", "donor", "core", "cloud")


class ArraySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A uniform planar array (TR 38.901 7.3); the panel in use faces the peer."""

    rows: int
    columns: int


class RadioSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The radio interface that all wireless links share."""

    carrier: FrequencyHz = FrequencyHz(28_000_000_000)
    bandwidth: FrequencyHz = FrequencyHz(100_000_000)
    numerology: int = 3
    tdd_pattern: str = "DSUU"  # one letter a slot: D downlink, U uplink, S special, F flexible
    # IAB nodes: cells at even and odd depth have slots in turn, or choose their slots in turn
    half_duplex: HalfDuplex = "by-depth"
    backhaul_sectors: bool = False  # each backhaul link has a cell of its parent to itself
    backhaul_channels: BackhaulChannels = "aggregated"  # of users in an RLC channel of a bearer
    flow_control: bool = False  # hop by hop: backpressure instead of drops at full relays
    scheduling_request: bool = True  # an idle uplink asks for a grant before it sends
    buffer_report: bool = False  # and reports its buffer before it gets one for data
    k1: int = 2  # slots from downlink data to feedback, TS 38.213 9.2.3
    k2: int = 2  # slots from uplink grant to data, TS 38.214 6.1.2.1
    decode_latency: DurationNs = DurationNs(100_000)  # from the end of a slot
    cqi_delay: DurationNs = DurationNs(2_000_000)  # from a change of the channel to the new MCS
    interference: bool = True  # between links that are active in the same slot
    mcs_table: McsTable = "64qam"  # TS 38.214 Tables 5.1.3.1-1, -2, -3
    sharing: SlotSharing = "time"  # of a slot among users
    scheduler: Scheduler = "proportional-fair"
    harq_processes: int = 16  # blocks of a link and direction under way at a time, TS 38.214 5.1
    harq_transmissions: int = 4  # of a block, till HARQ gives it up
    rlc: RlcMode = "acknowledged"
    # acknowledged: from HARQ giving a block up to RLC sending what was in it again
    rlc_status_delay: DurationNs = DurationNs(2_000_000)
    environment: Environment = "UMi-StreetCanyon"
    access_condition: ChannelCondition = "auto"
    backhaul_condition: ChannelCondition = "los"
    ue_power: PowerDbm = PowerDbm(23.0)
    iab_power: PowerDbm = PowerDbm(30.0)
    eirp_limit: PowerDbm | None = None  # lowers the power of whoever's array would exceed it
    scatterer_speed: MetresPerSecond = MetresPerSecond(0.0)  # Doppler, TR 38.901 7.6.10
    noise_figure: Decibels = Decibels(5.0)
    shadowing: bool = True
    ue_array: ArraySpec = ArraySpec(rows=2, columns=2)
    iab_array: ArraySpec = ArraySpec(rows=8, columns=8)
    channel_update: DurationNs = DurationNs(20_000_000)  # position, gain and SINR of moving links
    channel_redraw: DurationNs = DurationNs(200_000_000)  # new small-scale fading, TR 38.901 7.5
    handover_hysteresis: Decibels = Decibels(3.0)  # A3 offset, TS 38.331 5.5.4.4
    handover_time_to_trigger: DurationNs = DurationNs(100_000_000)
    handover_interruption: DurationNs = DurationNs(20_000_000)
    handover_forwarding: bool = True  # of what waits downward at a handover; else it is lost
    # a backhaul link that is unusable for so long is given up where its node has another parent
    backhaul_failure: DurationNs = DurationNs(50_000_000)
    queue: SizeBytes = SizeBytes(2_000_000)  # per RLC channel


class LogNormalSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A log-normal distribution, of which a mixture is made."""

    sigma: float  # standard deviation of the natural logarithm
    median: float = 1.0  # relative to the others', for a mixture's mean is given beside it
    weight: float = 1.0  # share of the draws, relative to the others'


class BackgroundSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Background UEs at every cell, at load ``mid``; the log-normal mixtures of the paper's [48].

    ``backlog``: bursts of bytes in the radio queues. ``packets``: UEs with an IP stack exchange the
    same bursts in UDP packets with the donor. With a `speed`, each goes from place to place (random
    waypoint), uniform in the discs around all cells, and is handed over by event A3 as any UE.
    """

    traffic: BackgroundTraffic = "backlog"  # of them, and of the IAB nodes' `transit`
    packet: SizeBytes = SizeBytes(1428)  # 1400 bytes and headers
    burst: int = 5  # packets that come at a time: at 1.7 Mbps, a frame of 30 fps video
    speed: MetresPerSecond = MetresPerSecond(0.0)
    ues_per_cell: int = 4  # on average
    # of the UEs of a cell, drawn by the seed; and of an IAB node's `transit`
    population_mixture: tuple[LogNormalSpec, ...] = (LogNormalSpec(sigma=0.0),)
    ue_rate: RateBps = RateBps(5_000_000)  # mean uplink demand of one UE
    rate_mixture: tuple[LogNormalSpec, ...] = (LogNormalSpec(sigma=0.5),)  # of these demands
    downlink_share: float = 0.3  # downlink demand relative to uplink
    coherence: DurationNs = DurationNs(200_000_000)  # time between new draws of the rates
    radius_m: float = 100.0  # they are uniform in a disc of this radius around their cell


class TransitSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Users of an IAB node on other carriers, at load ``mid``: they load its backhaul alone.

    How many they are and what they want is drawn as of background UEs, around these means.
    """

    ues: int
    ue_rate: RateBps


class CrossTrafficSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other people's traffic on a wired link, at load ``mid``."""

    rate: RateBps
    sigma: float = 0.1  # standard deviation of ln(rate)
    coherence: DurationNs = DurationNs(200_000_000)


class LoadSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a load level multiplies."""

    population: float
    demand: float


class NodeSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One node; it computes when it has a `device`."""

    name: str
    kind: NodeKind
    device: str | None = None
    position_m: tuple[float, float, float] | None = None  # radio nodes only; a UE's at time 0
    waypoints_m: tuple[tuple[float, float], ...] = ()  # where a UE goes from there, then stops
    speed: MetresPerSecond = MetresPerSecond(0.0)
    count: int = 1  # UEs: so many of this kind, called NAME-1, NAME-2, ...
    spread_m: float = 0.0  # within this distance of position_m
    background_ues: int | None = None  # serving nodes: instead of `background.ues_per_cell`
    transit: TransitSpec | None = None  # IAB nodes: users on other carriers, on the backhaul
    # UEs and IAB nodes: backhaul links that its packets take where an IAB node has several parents;
    # elsewhere they take the node's first link
    path: tuple[str, ...] = ()


class LinkSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fixed link from `child` (nearer the UEs) to `parent` (nearer the cloud).

    An IAB node may have several wireless links, to several parents: packets take the first one,
    unless their `path` says otherwise, and another one while it fails.
    """

    name: str
    kind: LinkKind
    child: str
    parent: str
    capacity: RateBps | None = None  # wired only
    delay: DurationNs | None = None  # wired only, propagation
    queue: SizeBytes = SizeBytes(500_000)  # wired only; `fq-codel` counts packets, as of 1500 B
    queue_discipline: QueueDiscipline = "drop-tail"  # wired only
    cross_traffic: CrossTrafficSpec | None = None  # wired only


class BlockageSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Extra loss on a wireless link for a while (an obstacle); `link` may be ``<ue>-access``."""

    link: str
    start: DurationNs
    end: DurationNs
    loss: Decibels = Decibels(60.0)


class TopologyChangeSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An IAB node sleeps, wakes or gets another parent in the run (HiveMind VII.C.1).

    The child nodes of one that sleeps go to the best parents that are left, and come back when it
    wakes; its UEs are served by others.
    """

    time: DurationNs
    node: str
    action: TopologyAction
    parent: str | None = None  # of action "parent"


class SimplifiedSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What only the simplified simulator needs to know, to stand for the radio of this scenario."""

    # Loss beyond Friis between UE and cell: obstacles, fading, beams that miss. The paper has none.
    access_loss: Decibels = Decibels(0.0)


class ValidationSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the simplified simulator may be from the packets; see `cosim validate`.

    Fractions of the packet simulator's value; a margin that is left out is shown and not judged.
    """

    capacity: float | None = None  # of any link's mean capacity
    hop_time: float | None = None  # of the mean transfer time over a hop
    latency: float | None = None  # of the median and the 95 % quantile of task latency
    plans: float | None = None  # share of the time in which plans may differ
    ranking: float | None = None  # least Kendall tau between the policies' mean latencies


class LoadsSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The load levels: population and demand by 0.5, 1 and 2 (HiveMind VII.A.3)."""

    low: LoadSpec = LoadSpec(population=0.5, demand=0.5)
    mid: LoadSpec = LoadSpec(population=1.0, demand=1.0)
    high: LoadSpec = LoadSpec(population=2.0, demand=2.0)


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a run needs to be repeated, apart from the code and the profiles."""

    name: str
    description: str = ""
    policy: str = "hivemind"
    load: LoadLevel = "mid"
    seed: int = 1
    duration: DurationNs = DurationNs(2_000_000_000)
    report_interval: DurationNs = DurationNs(10_000_000)
    device_set: str | None = None  # instead of the nodes' own devices, by their kind
    task: TaskSpec = TaskSpec()
    compute: ComputeSpec = ComputeSpec()
    sci: SciSpec = SciSpec()
    prediction: PredictionSpec = PredictionSpec()
    objective: ObjectiveSpec = ObjectiveSpec()
    energy: EnergySpec = EnergySpec()
    radio: RadioSpec = RadioSpec()
    background: BackgroundSpec = BackgroundSpec()
    loads: LoadsSpec = LoadsSpec()
    simplified: SimplifiedSpec = SimplifiedSpec()
    validation: ValidationSpec = ValidationSpec()
    nodes: tuple[NodeSpec, ...]
    links: tuple[LinkSpec, ...]
    blockages: tuple[BlockageSpec, ...] = ()
    topology_changes: tuple[TopologyChangeSpec, ...] = ()
