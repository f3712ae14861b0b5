"""The tree that a scenario describes: who is above whom, and which links lie between computers.

Fixed nodes form one tree whose root is the cloud. UEs are not in it: their parent is the gNB that
serves them now, which `Attachment` events tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from cosim.errors import ScenarioError, UnknownNameError, nearest_name_hint
from cosim.scenario.schema import LinkSpec, NodeKind, NodeSpec, Scenario

ACCESS_SUFFIX = "-access"
SERVING_KINDS = ("iab", "donor")  # the nodes that have a DU, to which UEs and MTs attach


@dataclass(frozen=True)
class Segment:
    """The way from a node up to the next computing node.

    Attributes
    ----------
    source, destination
        Node names; `destination` computes.
    links
        Names of the links crossed, in the order in which a task crosses them.
    via
        The nodes between, none of which computes.
    """

    source: str
    destination: str
    links: tuple[str, ...]
    via: tuple[str, ...] = ()


@dataclass(frozen=True)
class Topology:
    """The fixed tree, with the UEs beside it.

    Attributes
    ----------
    nodes, links
        Specifications by name, in the order of the scenario.
    root
        The one node without a parent (the cloud).
    parent_links
        The link up from each fixed node but the root.
    """

    nodes: Mapping[str, NodeSpec]
    links: Mapping[str, LinkSpec]
    root: str
    parent_links: Mapping[str, LinkSpec]

    @property
    def ues(self) -> tuple[str, ...]:
        """All UEs."""
        return self.of_kind("ue")

    @property
    def computing_ues(self) -> tuple[str, ...]:
        """The UEs that have a device, and so repeat tasks."""
        return tuple(name for name in self.ues if self.computes(name))

    @property
    def computing_nodes(self) -> tuple[str, ...]:
        """All nodes that have a device, UEs included."""
        return tuple(name for name in self.nodes if self.computes(name))

    @property
    def serving_nodes(self) -> tuple[str, ...]:
        """The nodes that a UE can attach to."""
        return tuple(n for n, node in self.nodes.items() if node.kind in SERVING_KINDS)

    def of_kind(self, kind: NodeKind) -> tuple[str, ...]:
        """All nodes of a kind."""
        return tuple(name for name, node in self.nodes.items() if node.kind == kind)

    def with_parent(self, child: str, parent: str) -> Topology:
        """The tree after an IAB node got another parent; an empty one takes it out of the tree.

        A node's link to its parent keeps its name, whoever the parent is.
        """
        link = next(link for link in self.links.values() if link.child == child)
        links, parents = dict(self.links), dict(self.parent_links)
        parents.pop(child, None)
        if parent:
            link = replace(link, parent=parent)
            links[link.name] = parents[child] = link
        return Topology(nodes=self.nodes, links=links, root=self.root, parent_links=parents)

    def node(self, name: str) -> NodeSpec:
        """The node of that name."""
        if name not in self.nodes:
            raise UnknownNameError("node", name, self.nodes)
        return self.nodes[name]

    def computes(self, name: str) -> bool:
        """Whether the node has a device to compute on."""
        return self.node(name).device is not None

    def parent_of(self, name: str) -> str | None:
        """The next node up; `None` for the root and for a UE."""
        link = self.parent_links.get(self.node(name).name)
        return None if link is None else link.parent

    def children_of(self, name: str) -> tuple[str, ...]:
        """The fixed nodes whose parent this is, in the order of the links."""
        self.node(name)
        return tuple(link.child for link in self.links.values() if link.parent == name)

    def path_to_root(self, name: str) -> tuple[str, ...]:
        """The nodes from this fixed one up to the root, both included."""
        path = [self.node(name).name]
        while (parent := self.parent_of(path[-1])) is not None:
            path.append(parent)
        return tuple(path)

    def next_computing(self, name: str) -> Segment | None:
        """The way to the first computing node above a fixed node; `None` at the root."""
        if self.parent_of(name) is None:
            return None
        return self._climb(name, (), (), name)

    def next_computing_from_ue(self, ue: str, serving: str) -> Segment | None:
        """The way from a UE to the first computing node at or above the one that serves it."""
        if self.computes(serving):
            return Segment(ue, serving, (access_link(ue),))
        return self._climb(ue, (access_link(ue),), (serving,), serving)

    def upstream_computing(self, name: str) -> tuple[str, ...]:
        """The fixed computing nodes for which this one is the next computing node."""
        fixed = (n for n in self.computing_nodes if self.nodes[n].kind != "ue")
        above = ((n, self.next_computing(n)) for n in fixed)
        return tuple(n for n, segment in above if segment and segment.destination == name)

    def served_by(self, name: str) -> tuple[str, ...]:
        """The serving nodes whose UEs have this one as their first computing node."""
        below = []
        for serving in self.serving_nodes:
            first = next((n for n in self.path_to_root(serving) if self.computes(n)), None)
            if first == name:
                below.append(serving)
        return tuple(below)

    def _climb(
        self, source: str, links: tuple[str, ...], via: tuple[str, ...], name: str
    ) -> Segment | None:
        link = self.parent_links.get(name)
        if link is None:
            return None  # above it a node sleeps
        links = (*links, link.name)
        if self.computes(link.parent):
            return Segment(source, link.parent, links, via)
        return self._climb(source, links, (*via, link.parent), link.parent)


def access_link(ue: str) -> str:
    """Name of a UE's radio link, whichever node serves it."""
    return ue + ACCESS_SUFFIX


def build_topology(scenario: Scenario) -> Topology:
    """Derive the tree, or say what keeps the links from being one.

    Raises
    ------
    ScenarioError
        On a double name, an unknown end of a link, two parents, a cycle, a node that nothing
        connects, or a root that is no computing cloud.
    """
    nodes = {node.name: node for node in scenario.nodes}
    links = {link.name: link for link in scenario.links}
    _check_unique("nodes", [node.name for node in scenario.nodes])
    _check_unique("links", [link.name for link in scenario.links])
    for link in scenario.links:
        _check_ends(link, nodes)
    parent_links = _parents(scenario.links)
    _check_no_cycle(parent_links)
    root = _find_root(nodes, parent_links)
    return Topology(nodes=nodes, links=links, root=root, parent_links=parent_links)


def _check_unique(key: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ScenarioError(f"{key}[{index}].name", f"'{name}' is there twice")


def _check_ends(link: LinkSpec, nodes: Mapping[str, NodeSpec]) -> None:
    for key, name in (("child", link.child), ("parent", link.parent)):
        path = f"links.{link.name}.{key}"
        if name not in nodes:
            hint = nearest_name_hint(name, nodes)
            raise ScenarioError(path, f"unknown node '{name}'", hint=hint)
        if nodes[name].kind == "ue":
            hint = "a UE attaches by radio to whichever gNB serves it best"
            raise ScenarioError(path, f"'{name}' is a UE and can have no fixed link", hint=hint)
    if link.child == link.parent:
        raise ScenarioError(f"links.{link.name}", "both ends are the same node")


def _parents(links: Iterable[LinkSpec]) -> dict[str, LinkSpec]:
    parents: dict[str, LinkSpec] = {}
    for link in links:
        if link.child in parents:
            other = parents[link.child].name
            problem = f"'{link.child}' has a parent already, by link '{other}'"
            hint = "the network is a tree, each node has one link towards the cloud"
            raise ScenarioError(f"links.{link.name}.child", problem, hint=hint)
        parents[link.child] = link
    return parents


def _check_no_cycle(parent_links: Mapping[str, LinkSpec]) -> None:
    for start in parent_links:
        seen = [start]
        while seen[-1] in parent_links:
            link = parent_links[seen[-1]]
            if link.parent in seen:
                circle = " -> ".join([*seen[seen.index(link.parent) :], link.parent])
                raise ScenarioError(f"links.{link.name}", f"closes a cycle: {circle}")
            seen.append(link.parent)


def _find_root(nodes: Mapping[str, NodeSpec], parent_links: Mapping[str, LinkSpec]) -> str:
    fixed = [node for node in nodes.values() if node.kind != "ue"]
    clouds = [node.name for node in fixed if node.kind == "cloud"]
    if len(clouds) != 1:
        raise ScenarioError("nodes", f"there must be one node of kind 'cloud', not {len(clouds)}")
    root = clouds[0]
    for node in fixed:
        if node.name != root and node.name not in parent_links:
            hint = "add a link whose child it is"
            raise ScenarioError(f"nodes.{node.name}", "no link leads to the cloud", hint=hint)
    if root in parent_links:
        link = parent_links[root].name
        raise ScenarioError(f"links.{link}.child", f"'{root}' is the cloud and can have no parent")
    if nodes[root].device is None:
        raise ScenarioError(f"nodes.{root}.device", "is required: the cloud must compute")
    return root
