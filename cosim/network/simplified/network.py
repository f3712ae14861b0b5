"""The network port over the simplified simulator."""

from __future__ import annotations

from collections.abc import Iterable

import cosim
from cosim.errors import ProtocolError
from cosim.network.port import Attachment, ReportTick, Send, Step, Totals
from cosim.network.simplified.access import Access, AccessStep
from cosim.network.simplified.account import Account
from cosim.network.simplified.agenda import REPORT, TREE, WORLD, Agenda
from cosim.network.simplified.environment import Environment, Epoch, LinkState
from cosim.network.simplified.links import Link, LinkMap
from cosim.network.simplified.messages import Messages
from cosim.network.simplified.radio import DIRECTIONS, Radio
from cosim.network.simplified.tree import Stretch, stretches
from cosim.scenario.schema import Scenario
from cosim.scenario.topology import access_link, build_topology


class SimplifiedNetwork:
    """A `NetworkPort` at the level of detail of the paper's own simulator.

    Tensors are fluid (`streams`), signalling is one packet that waits for nobody but the mean of
    others (M/D/1 on wires) and is lost where nothing gets through.

    Parameters
    ----------
    scenario
        What to simulate.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._topology = build_topology(scenario)
        relays = any(link.kind == "wireless" for link in scenario.links)
        self._radio = Radio(
            scenario.radio,
            has_relays=relays,
            excess_loss_db=float(scenario.simplified.access_loss),
        )
        self._links = LinkMap(
            self._topology, self._radio, has_sectors=scenario.radio.backhaul_sectors
        )
        self._stretches = stretches(scenario, self._topology, self._radio)
        self._asleep = self._stretches[0].asleep
        environment = Environment(scenario, self._stretches, self._radio)
        self._epochs = environment.epochs()
        self._fixed = [self._links.of(s.name, d) for s, d in environment.link_keys]
        self._all_links = tuple(self._links)
        self._epoch: Epoch = next(self._epochs)
        self._counted_ns = 0
        cells = [self._topology.nodes[name] for name in self._topology.serving_nodes]
        self._access = {
            ue: Access(scenario, self._topology.nodes[ue], cells, self._radio)
            for ue in self._topology.ues
        }
        self._access_now: dict[str, AccessStep] = {}
        self._report_ns = int(scenario.report_interval)
        self._interruption_ns = int(scenario.radio.handover_interruption)
        self._forwarding = scenario.radio.handover_forwarding
        self._agenda, self._account = Agenda(), Account()
        nodes = frozenset(self._topology.nodes)
        self._messages = Messages(nodes, self._links, self._agenda, self._account)
        self._streams = self._messages.streams

    @property
    def version(self) -> str:
        """Name and version, for the manifest."""
        return f"cosim simplified simulator {cosim.__version__}"

    def start(self) -> Step:
        """Build the network; see `NetworkPort.start`."""
        self._enter_epoch(self._epoch)
        for ue in self._access:
            self._measure(ue)
        for stretch in self._stretches[1:]:
            self._agenda.at(stretch.begin_ns, TREE, self._change_tree, stretch)
        self._report(0)
        return self.advance(0, ())

    def advance(self, until_ns: int, commands: tuple[Send, ...]) -> Step:
        """Run to `until_ns` or to the first event; see `NetworkPort.advance`."""
        now_ns = self._agenda.now_ns
        if until_ns < now_ns:
            raise ProtocolError(f"advance: {until_ns} ns is in the past", sim_time_ns=now_ns)
        for command in commands:
            self._messages.send(command)
        return self._agenda.run(until_ns)

    def finish(self) -> Totals:
        """Give the account; see `NetworkPort.finish`."""
        self._count_background()
        return self._account.totals(self._messages.sizes(), self._agenda.count)

    def close(self) -> None:
        """Release everything; see `NetworkPort.close`."""
        self._agenda.clear()

    def _enter_epoch(self, epoch: Epoch) -> None:
        self._count_background()
        self._epoch = epoch
        for link, state in zip(self._fixed, epoch.links, strict=True):
            link.become(state)
        for step in self._access_now.values():
            self._adapt(step)
        self._streams.share(self._agenda.now_ns)
        self._messages.try_again()
        following = next(self._epochs, None)
        if following is not None:
            self._agenda.at(following.time_ns, WORLD, self._enter_epoch, following)

    def _measure(self, ue: str) -> None:
        access = self._access[ue]
        if access.next_ns != self._agenda.now_ns:
            return  # a change of the tree gave it another time
        self._take_step(access.step(self._agenda.now_ns, self._asleep))
        self._streams.share(self._agenda.now_ns)
        self._plan_measurement(ue)

    def _plan_measurement(self, ue: str) -> None:
        due_ns = self._access[ue].next_ns
        if due_ns is not None:
            self._agenda.at(due_ns, WORLD, self._measure, ue)

    def _take_step(self, step: AccessStep) -> None:
        before = self._links.serving(step.ue)
        if step.serving != before:
            self._attach(step, before)
        self._access_now[step.ue] = step
        self._adapt(step)

    def _attach(self, step: AccessStep, before: str) -> None:
        if before and not self._forwarding:
            self._messages.lose_at(self._links.of(access_link(step.ue), "down"))
        self._streams.reroute(
            self._agenda.now_ns, lambda: self._links.attach(step.ue, step.serving)
        )
        self._agenda.events.append(Attachment(self._agenda.now_ns, step.ue, step.serving, before))
        if before:
            self._account.handovers += 1
            self._interrupt([access_link(step.ue)])

    def _interrupt(self, names: Iterable[str]) -> None:
        """Let nothing pass for a while over these links, which have another upper end."""
        back_ns = self._agenda.now_ns + self._interruption_ns
        for link in self._both_ways(names):
            link.silent_until_ns = back_ns
        self._agenda.at(back_ns, WORLD, self._streams.share, back_ns)

    def _both_ways(self, names: Iterable[str]) -> list[Link]:
        return [self._links.of(name, direction) for name in names for direction in DIRECTIONS]

    def _change_tree(self, stretch: Stretch) -> None:
        """UEs leave a cell that falls asleep, then nodes get other parents, and messages ways."""
        in_air = self._messages.in_air()
        handed_over = self._reselect(stretch.asleep)
        self._streams.reroute(self._agenda.now_ns, lambda: self._links.follow(stretch))
        self._agenda.events += stretch.moved
        self._interrupt(stretch.interrupted)
        moved = [change.link for change in stretch.moved]
        changed = frozenset(self._both_ways([*map(access_link, handed_over), *moved]))
        self._streams.share(self._agenda.now_ns)
        self._messages.forward(in_air, changed)

    def _reselect(self, asleep: frozenset[str]) -> list[str]:
        """Let UEs know which cells sleep; return those that leave theirs."""
        if asleep == self._asleep:
            return []
        self._asleep = asleep
        steps = [access.reselect(self._agenda.now_ns, asleep) for access in self._access.values()]
        for step in steps:
            if step is not None:
                self._take_step(step)
        for ue in self._access:
            self._plan_measurement(ue)
        return [step.ue for step in steps if step is not None]

    def _adapt(self, step: AccessStep) -> None:
        """Give a UE's link the rate that its SNR and the cell's other users leave to it."""
        for direction, snr_db in zip(DIRECTIONS, (step.down_snr_db, step.up_snr_db), strict=True):
            share, busy = self._epoch.cells[step.serving, direction]
            rate_bps, mcs = self._radio.rate_and_mcs(snr_db, direction)
            state = LinkState(share * rate_bps, busy, 0, mcs, snr_db)
            self._links.of(access_link(step.ue), direction).become(state)

    def _report(self, due_ns: int) -> None:
        now_ns = self._agenda.now_ns
        reports = tuple([link.report or link.make_report(now_ns) for link in self._all_links])
        self._agenda.events.append(ReportTick(self._agenda.now_ns, reports))
        self._agenda.at(due_ns + self._report_ns, REPORT, self._report, due_ns + self._report_ns)

    def _count_background(self) -> None:
        seconds = (self._agenda.now_ns - self._counted_ns) / 1e9
        self._account.background_bytes += self._epoch.background_bps * seconds / 8
        self._counted_ns = self._agenda.now_ns


def open_simplified(scenario: Scenario) -> SimplifiedNetwork:
    """The simplified simulator for a scenario; it needs nothing but numpy.

    Raises
    ------
    ScenarioError
        When a change of the topology gives a node a parent that it cannot have then.
    """
    return SimplifiedNetwork(scenario)
