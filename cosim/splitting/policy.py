"""What a policy is: one node's decision, made from what that node alone can know.

A policy of your own needs one method::

    class Half(Policy):
        \"\"\"Run the first half on the UE, the rest on the next node.\"\"\"

        name = "half"
        uses_sci = False

        def solve_node(self, role, costs, downstream):
            if not role.is_source or role.is_sink:
                return costs.finish_here(downstream)
            stop = np.maximum(np.arange(costs.layers + 1), costs.layers // 2)
            return costs.stop_at(stop, downstream)

It is used as ``--policy my_module:Half``, or by name through the entry point group
``cosim.policies``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, TypeVar

import numpy as np

from cosim.errors import CosimError, PolicyError
from cosim.splitting.node import Decision, NodeCosts, NodeSolution, Role, TaskState, Told
from cosim.splitting.problem import FloatArray

_T = TypeVar("_T")


class NodePolicy(ABC):
    """Decides where a node stops a task, and what it tells upstream. Every node has its own.

    Most policies tell a cost for every boundary and are a `Policy`, which asks for less.

    Attributes
    ----------
    name
        What the policy is called in results.
    uses_sci
        Whether anything is told upstream. When False no SCI message is sent, `heard` is always
        None, and a UE starts its first task without waiting for one.
    tells
        The type of what is told.
    splits_module
        Of a recurrent model: whether one module is split and run that way every time, instead of
        the unrolled line being split.
    counts_merging
        In collaborative learning: whether nodes count the merging of parameters when they decide.
    """

    name: ClassVar[str] = ""
    uses_sci: ClassVar[bool] = True
    tells: ClassVar[type[Told]] = np.ndarray
    splits_module: ClassVar[bool] = False
    counts_merging: ClassVar[bool] = True

    @abstractmethod
    def tell(self, role: Role, costs: NodeCosts, heard: Told | None) -> Told:
        """What the node tells upstream.

        Parameters
        ----------
        role, costs
            The node's own.
        heard
            The newest that the next node downstream told; None at the sink, and where nothing was
            heard (yet).
        """

    @abstractmethod
    def decide(self, role: Role, costs: NodeCosts, heard: Told | None, task: TaskState) -> Decision:
        """Where to stop a task."""


class Policy(NodePolicy):
    """A policy that tells a cost for every boundary, and decides for all boundaries at once.

    Attributes
    ----------
    is_repeatable
        Whether the same question gets the same answer again, so that it need not be put again. Not
        inherited: what a subclass adds may count, learn or draw at random.
    tells_latency
        Whether the costs are latencies, in s, so that ``V[b]`` is what a task is expected to take.
    """

    is_repeatable: ClassVar[bool] = False
    tells_latency: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "is_repeatable" not in cls.__dict__:
            cls.is_repeatable = False

    @abstractmethod
    def solve_node(
        self, role: Role, costs: NodeCosts, downstream: FloatArray | None
    ) -> NodeSolution:
        """Decide for all boundaries at once.

        Parameters
        ----------
        role, costs
            The node's own.
        downstream
            Shape ``(L + 1,)``, s: the newest cost-to-go heard from the next node downstream; None
            at the sink, and where none was heard (yet).
        """

    def tell(self, role: Role, costs: NodeCosts, heard: Told | None) -> Told:
        return solve_checked(self, role, costs, _vector(heard)).cost_to_go_s

    def decide(self, role: Role, costs: NodeCosts, heard: Told | None, task: TaskState) -> Decision:
        return self.decision(solve_checked(self, role, costs, _vector(heard)), task.boundary)

    def decision(self, solution: NodeSolution, boundary: int) -> Decision:
        """What a solution means for a task with `boundary` layers done."""
        expected_s = float(solution.cost_to_go_s[boundary]) if self.tells_latency else None
        return Decision(int(solution.stop[boundary]), expected_s=expected_s)


def tell_checked(policy: NodePolicy, role: Role, costs: NodeCosts, heard: Told | None) -> Told:
    """Ask `policy` what to tell upstream.

    Raises
    ------
    PolicyError
        When it fails, or tells something else than it says it does.
    """
    told = _guarded(policy, lambda: policy.tell(role, costs, heard))
    if not isinstance(told, policy.tells):
        raise PolicyError(f"policy '{_label(policy)}' told a {type(told).__name__}")
    return told.copy() if isinstance(told, np.ndarray) else told


def decide_checked(
    policy: NodePolicy, role: Role, costs: NodeCosts, heard: Told | None, task: TaskState
) -> Decision:
    """Ask `policy` where to stop a task.

    Raises
    ------
    PolicyError
        When it fails, or what it says is no stop.
    """
    decision = _guarded(policy, lambda: policy.decide(role, costs, heard, task))
    lowest = costs.layers if role.is_sink else task.boundary
    if not lowest <= decision.stop <= costs.layers:
        raise PolicyError(
            f"policy '{_label(policy)}' returned no valid decision: stop {decision.stop} "
            f"is not between {lowest} and L = {costs.layers}"
        )
    return decision


def solve_checked(
    policy: Policy, role: Role, costs: NodeCosts, downstream: FloatArray | None
) -> NodeSolution:
    """Ask `policy`, and make sure that what it says is a decision.

    Raises
    ------
    PolicyError
        When it raises, or its answer has a wrong shape, a NaN, or a stop outside b..L.
    """
    answer = _guarded(policy, lambda: policy.solve_node(role, costs, downstream))
    problem = _fault(answer, costs.layers, role.is_sink)
    if problem is not None:
        raise PolicyError(f"policy '{_label(policy)}' returned no valid decision: {problem}")
    # Copies: a policy may answer in the same arrays again, and what was told is kept by identity.
    return NodeSolution(
        np.array(answer.cost_to_go_s, dtype=np.float64), np.array(answer.stop, dtype=np.int64)
    )


def _guarded(policy: NodePolicy, ask: Callable[[], _T]) -> _T:
    """What a policy answers; whatever it raises becomes a `PolicyError`."""
    try:
        return ask()
    except CosimError:
        raise
    except (Exception, SystemExit) as error:
        raise PolicyError(
            f"policy '{_label(policy)}' raised {type(error).__name__}: {error}"
        ) from error


def _label(policy: NodePolicy) -> str:
    return policy.name or type(policy).__qualname__


def _vector(heard: Told | None) -> FloatArray | None:
    if heard is None or isinstance(heard, np.ndarray):
        return heard
    raise PolicyError(f"a {type(heard).__name__} was heard where costs are needed")


def _fault(answer: object, layers: int, is_sink: bool) -> str | None:
    """What is wrong with an answer, or None."""
    if not isinstance(answer, NodeSolution):
        return f"a {type(answer).__name__} instead of a NodeSolution"
    try:
        # "same_kind": numpy would only warn of what a complex number loses.
        cost = np.asarray(answer.cost_to_go_s).astype(np.float64, casting="same_kind", copy=False)
        stop = np.asarray(answer.stop)
    except (TypeError, ValueError) as error:
        return f"arrays that hold no numbers ({error})"
    for name, array in (("cost_to_go_s", cost), ("stop", stop)):
        if array.shape != (layers + 1,):
            return f"{name} of shape {array.shape} where (L+1,) = {(layers + 1,)} is needed"
    # Asked at every decision: counting is the cheapest way to look at all of a short array.
    if np.count_nonzero(cost > -math.inf) < cost.size:
        return f"cost_to_go_s[{int(np.argmax(~(cost > -math.inf)))}] is NaN or minus infinity"
    if stop.dtype.kind not in "iu":
        return f"stop holds {stop.dtype}, not integers"
    lowest = layers if is_sink else np.arange(layers + 1)
    outside = (stop < lowest) | (stop > layers)
    if np.count_nonzero(outside):
        b = int(np.argmax(outside))
        least = layers if is_sink else b
        return f"stop[{b}] = {stop[b]} is not between {least} and L = {layers}"
    return None
