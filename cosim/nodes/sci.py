"""The SCI protocol at one node (HiveMind IV.C.3, spec section 2).

The sink starts an update wave every period (with the other triggers of `NodeOptions`, every tenth,
and when it is asked to). A node that hears one recomputes with its newest link
values and sends one message to each of its upstream neighbours, fixed nodes and attached UEs: on a
tree, one message an edge serves everyone below it.

Two things lie outside the wave. A UE that attaches is told at once what its neighbours were told
last. And a node that has heard nothing for `OVERDUE_PERIODS` periods (a blocked link swallows the
wave) goes on from its own knowledge, every period: otherwise all nodes above a dead link would
believe in it for ever. A UE that has heard nothing for as long begins its tasks without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from cosim.network.port import Transport
from cosim.nodes.actions import Action, Record, SciOverdue, SciTick, SendMessage, SetTimer
from cosim.nodes.config import NodeConfig
from cosim.nodes.decision import Decider
from cosim.nodes.messages import SciMessage, UpdateRequest, encode, encode_sci
from cosim.nodes.records import CapacityForecast, SciStep
from cosim.nodes.told import boundaries_of, encode_told
from cosim.splitting.node import Told

OVERDUE_PERIODS: Final = 3
KEEPALIVE_PERIODS: Final = 10
LARGEST_DATAGRAM: Final = 60_000  # below UDP's 65,507; only central policies tell more


class SciProtocol:
    """One node's state in the SCI protocol."""

    def __init__(self, config: NodeConfig, decider: Decider, clock: Callable[[], int]) -> None:
        self._config = config
        self._decider = decider
        self._clock = clock
        # Fixed nodes and attached computing UEs whose next node this is, in order of attachment.
        self._upstream = dict.fromkeys(config.upstream)
        self._heard: SciMessage | None = None
        self._told: SciMessage | None = None
        self._overdue_ns = 0  # when nothing heard until then makes the node act by itself
        self._is_watching = False  # whether a timer is set, for then or earlier
        self._told_rate_bps = 0
        self._coded_of: Told | None = None
        self._coded = (0, b"")
        periodic = config.options.trigger == "periodic"
        self._period_ns = config.sci_period_ns * (1 if periodic else KEEPALIVE_PERIODS)

    @property
    def has_heard(self) -> bool:
        """Whether the neighbour downstream has told its costs."""
        return self._heard is not None

    def start(self, now_ns: int) -> list[Action]:
        """Begin: the sink with the first update, the others with waiting for it."""
        if not self._decider.policy.uses_sci:
            return []
        if self._config.source is not None:
            patience_ns = OVERDUE_PERIODS * self._config.sci_period_ns
            return [SetTimer(now_ns + patience_ns, SciOverdue())]
        return self.tick(now_ns) if self._config.role.is_sink else self._watch(now_ns)

    def tick(self, now_ns: int) -> list[Action]:
        """Sink: start an update."""
        return [*self._update(now_ns), SetTimer(now_ns + self._period_ns, SciTick())]

    def asked(self, now_ns: int) -> list[Action] | str:
        """A UE wants an update: the sink starts one, the others pass the wish on."""
        if not self._decider.policy.uses_sci:
            return "request of an update, which this node's policy does not use"
        return self._update(now_ns) if self._config.role.is_sink else self.ask(now_ns)

    def ask(self, now_ns: int) -> list[Action]:
        """Ask for an update, by way of the next node downstream."""
        destination = self._decider.links.destination
        if destination is None:
            return []
        payload = encode(UpdateRequest())
        return [SendMessage(destination, payload, len(payload), Transport.UDP)]

    def links_changed(self, now_ns: int) -> list[Action]:
        """New reports came: with the trigger ``on-change``, tell when the way on changed."""
        options, last = self._config.options, self._told
        if options.trigger != "on-change" or last is None:
            return []
        rate, told = self._decider.links.rate_bps(), self._told_rate_bps
        if abs(rate - told) <= options.change * told:
            return []
        return self._tell(now_ns, last.update_id, 1, last.started_ns, mending=True)

    def _update(self, now_ns: int) -> list[Action]:
        update_id = self._told.update_id + 1 if self._told else 1
        return self._tell(now_ns, update_id, 0, now_ns, mending=False)

    def on_message(self, now_ns: int, source: str, message: SciMessage) -> list[Action] | str:
        """Take part in an update; a text says why the message was ignored."""
        if not self._decider.policy.uses_sci:
            return "SCI message, which this node's policy does not use"
        if source != self._decider.links.destination:
            return "SCI message from a node that is not the next one downstream"
        if message.model_digest != self._config.model.digest:
            return "SCI message of another model"
        if boundaries_of(message.told) != self._config.model.layers + 1:
            return "SCI message of another number of layers"
        if not isinstance(message.told, self._decider.policy.tells):
            return "SCI message of another policy"
        if self._heard is not None and message.order <= self._heard.order:
            return "SCI message that is not newer than the one before"
        self._heard = message
        self._decider.hear(message.told)
        mending = message.revision > 0
        if self._config.source is not None:
            return [self._step(now_ns, message.update_id, message.started_ns, mending)]
        told = self._tell(now_ns, *message.order, message.started_ns, mending=mending)
        return [*told, *self._watch(now_ns)]

    def overdue(self, now_ns: int) -> list[Action]:
        """Nothing heard for long: tell upstream what this node knows by itself."""
        if self._config.source is not None:
            return []
        self._is_watching = False
        if now_ns < self._overdue_ns:  # something was heard meanwhile
            return self._set_watch(self._overdue_ns)
        last = self._told
        update_id, revision, started_ns = (0, 0, now_ns)
        if last is not None:
            update_id, revision, started_ns = last.update_id, last.revision, last.started_ns
        told = self._tell(now_ns, update_id, revision + 1, started_ns, mending=True)
        return [*told, *self._watch(now_ns, periods=1)]

    def attach(self, now_ns: int, name: str) -> list[Action]:
        """A computing node attached here: tell it at once what the others were told last."""
        if name in self._upstream:
            return []
        self._upstream[name] = None
        if self._told is None:
            return []
        # A greater revision, so that what it may have heard here long ago does not hide it.
        last = self._told
        self._told = SciMessage(
            last.update_id, last.revision + 1, last.model_digest, last.started_ns, last.told
        )
        return self._send(now_ns, self._told, [name], mending=True, wall_ns=0)

    def detach(self, name: str) -> None:
        """It went away."""
        self._upstream.pop(name, None)

    def forget(self) -> None:
        """The neighbour downstream is another one now: what the old one told is void."""
        self._heard = None
        self._decider.hear(None)

    def _tell(
        self, now_ns: int, update_id: int, revision: int, started_ns: int, *, mending: bool
    ) -> list[Action]:
        begin = self._clock()
        told, ahead_ns = self._decider.tell(now_ns)
        wall_ns = self._clock() - begin
        if self._told is not None and self._told.update_id == update_id:
            revision = max(revision, self._told.revision + 1)
        digest = self._config.model.digest
        self._told = SciMessage(update_id, revision, digest, started_ns, told)
        if self._config.options.trigger == "on-change":
            self._told_rate_bps = self._decider.links.rate_bps()
        sends = self._send(now_ns, self._told, self._upstream, mending=mending, wall_ns=wall_ns)
        return [*sends, *self._forecasts(now_ns, ahead_ns)]

    def _forecasts(self, now_ns: int, ahead_ns: int) -> list[Action]:
        """What was told is about another moment than now: keep what was expected of it."""
        if ahead_ns == 0:
            return []
        return [
            Record(CapacityForecast(now_ns, self._config.name, link, ahead_ns, capacity_bps))
            for link, capacity_bps in self._decider.links.forecasts(ahead_ns)
        ]

    def _send(
        self,
        now_ns: int,
        message: SciMessage,
        to: Iterable[str],
        *,
        mending: bool,
        wall_ns: int,
    ) -> list[Action]:
        if message.told is not self._coded_of:  # most updates tell what the one before told
            self._coded_of, self._coded = message.told, encode_told(message.told)
        payload = encode_sci(message, self._coded)
        carrier = Transport.UDP if len(payload) <= LARGEST_DATAGRAM else Transport.TCP
        sends = [SendMessage(name, payload, len(payload), carrier) for name in to]
        step = self._step(
            now_ns, message.update_id, message.started_ns, mending, len(sends), payload, wall_ns
        )
        return [*sends, step]

    def _step(
        self,
        now_ns: int,
        update_id: int,
        started_ns: int,
        mending: bool,
        messages: int = 0,
        payload: bytes = b"",
        wall_ns: int = 0,
    ) -> Record:
        return Record(
            SciStep(
                update_id=update_id,
                started_ns=started_ns,
                node=self._config.name,
                time_ns=now_ns,
                at_source=self._config.source is not None,
                mending=mending,
                messages=messages,
                message_bytes=messages * len(payload),
                wall_ns=wall_ns,
            )
        )

    def _watch(self, now_ns: int, periods: int = OVERDUE_PERIODS) -> list[Action]:
        """Wait anew; a timer that is set goes off no later, and is then set for the rest."""
        self._overdue_ns = now_ns + periods * self._period_ns
        return [] if self._is_watching else self._set_watch(self._overdue_ns)

    def _set_watch(self, time_ns: int) -> list[Action]:
        self._is_watching = True
        return [SetTimer(time_ns, SciOverdue())]
