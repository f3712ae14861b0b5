"""The network that a scenario describes: who is above whom, which links lie between computers.

Fixed nodes form a directed acyclic graph whose root is the cloud: a tree, but for the IAB nodes
that have several parents. What enters the network at a node has one way at a time, by the node's
`path`. UEs are not in the graph: their parent is the gNB that serves them now, which `Attachment`
events tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

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
    """The fixed nodes and their links, with the UEs beside them.

    Attributes
    ----------
    nodes, links
        Specifications by name, in the order of the scenario.
    root
        The one node without a parent (the cloud).
    uplinks
        The links up from each fixed node but the root, those left out that fail or whose upper end
        sleeps; the first one is taken unless a `path` names another.
    """

    nodes: Mapping[str, NodeSpec]
    links: Mapping[str, LinkSpec]
    root: str
    uplinks: Mapping[str, tuple[LinkSpec, ...]]

    @cached_property
    def parent_links(self) -> Mapping[str, LinkSpec]:
        """The first link up from each fixed node but the root."""
        return {name: links[0] for name, links in self.uplinks.items() if links}

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

    def with_parent(self, child: str, parent: str, link: str = "") -> Topology:
        """The network after an IAB node got another parent over a link, by default its first one.

        An empty parent takes the link out of service. A link keeps its name, whoever the parent is.
        """
        own = [spec for spec in self.links.values() if spec.child == child]
        changed = next(spec for spec in own if link in ("", spec.name))
        up = {spec.name for spec in self.uplinks.get(child, ())} - {changed.name}
        links = dict(self.links)
        if parent:
            up.add(changed.name)
            links[changed.name] = replace(changed, parent=parent)
        uplinks = {**self.uplinks, child: tuple(links[s.name] for s in own if s.name in up)}
        return Topology(nodes=self.nodes, links=links, root=self.root, uplinks=uplinks)

    def node(self, name: str) -> NodeSpec:
        """The node of that name."""
        if name not in self.nodes:
            raise UnknownNameError("node", name, self.nodes)
        return self.nodes[name]

    def computes(self, name: str) -> bool:
        """Whether the node has a device to compute on."""
        return self.node(name).device is not None

    def parent_of(self, name: str) -> str | None:
        """The next node up on a node's own way; `None` for the root and for a UE."""
        link = self.uplink_of(name, self.node(name).path)
        return None if link is None else link.parent

    def uplink_of(self, name: str, path: tuple[str, ...]) -> LinkSpec | None:
        """The link that packets of a path leave a fixed node by; `None` where the way ends.

        Of the links that lead to the root the first one that is in the path, or the first one; as
        the radio stack does (``IabTopology``).
        """

        def merit(link: LinkSpec) -> tuple[bool, bool]:
            return link.parent in self._connected, link.name in path

        return max(self.uplinks.get(name, ()), key=merit, default=None)

    def may_avoid(self, name: str, node: str) -> bool:
        """Whether some way from a fixed node to the root does not pass another node."""
        found = [] if name == node else [name]
        for each in found:
            ends = (link.parent for link in self.uplinks.get(each, ()))
            found += dict.fromkeys(end for end in ends if end != node and end not in found)
        return self.root in found

    def children_of(self, name: str) -> tuple[str, ...]:
        """The fixed nodes whose parent this is, in the order of the links."""
        self.node(name)
        return tuple(link.child for link in self.links.values() if link.parent == name)

    def path_to_root(self, name: str) -> tuple[str, ...]:
        """The nodes on the way of a fixed one up to the root, both included."""
        way, path = [name], self.node(name).path
        while (link := self.uplink_of(way[-1], path)) is not None:
            way.append(link.parent)
        return tuple(way)

    def next_computing(self, name: str) -> Segment | None:
        """The way to the first computing node above a fixed node; `None` at the root."""
        if self.parent_of(name) is None:
            return None
        return self._climb(Segment(name, name, ()), self.node(name).path)

    def next_computing_from_ue(self, ue: str, serving: str) -> Segment | None:
        """The way from a UE to the first computing node at or above the one that serves it."""
        access = Segment(ue, serving, (access_link(ue),))
        return access if self.computes(serving) else self._climb(access, self.node(ue).path)

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

    def _climb(self, begun: Segment, path: tuple[str, ...]) -> Segment | None:
        """Go on from the end of a segment to the next computing node."""
        link = self.uplink_of(begun.destination, path)
        if link is None:
            return None  # above it a node sleeps
        via = (*begun.via, begun.destination) if begun.links else ()
        longer = Segment(begun.source, link.parent, (*begun.links, link.name), via)
        return longer if self.computes(link.parent) else self._climb(longer, path)

    @cached_property
    def _connected(self) -> frozenset[str]:
        """The fixed nodes from which a way leads to the root."""
        found = {self.root}
        while more := {
            name
            for name, links in self.uplinks.items()
            if name not in found and any(link.parent in found for link in links)
        }:
            found |= more
        return frozenset(found)


def access_link(ue: str) -> str:
    """Name of a UE's radio link, whichever node serves it."""
    return ue + ACCESS_SUFFIX


def build_topology(scenario: Scenario) -> Topology:
    """Derive the network's graph, or say what is wrong with its links.

    Raises
    ------
    ScenarioError
        On a double name, an unknown end of a link, two parents of a node that may have only one,
        two links to one parent, a cycle, a node that nothing connects, or a root that is no
        computing cloud.
    """
    nodes = {node.name: node for node in scenario.nodes}
    links = {link.name: link for link in scenario.links}
    _check_unique("nodes", [node.name for node in scenario.nodes])
    _check_unique("links", [link.name for link in scenario.links])
    for link in scenario.links:
        _check_ends(link, nodes)
    uplinks = _uplinks(scenario.links)
    _check_no_cycle(uplinks)
    root = _find_root(nodes, uplinks)
    return Topology(nodes=nodes, links=links, root=root, uplinks=uplinks)


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


def _uplinks(links: Iterable[LinkSpec]) -> dict[str, tuple[LinkSpec, ...]]:
    uplinks: dict[str, tuple[LinkSpec, ...]] = {}
    for link in links:
        for other in uplinks.get(link.child, ()):
            if link.kind != "wireless" or other.kind != "wireless":
                problem = f"'{link.child}' has a parent already, by link '{other.name}'"
                hint = "only an IAB node may have several parents, by wireless links"
                raise ScenarioError(f"links.{link.name}.child", problem, hint=hint)
            if link.parent == other.parent:
                problem = f"is the parent of '{link.child}' already, by link '{other.name}'"
                raise ScenarioError(f"links.{link.name}.parent", f"'{link.parent}' {problem}")
        uplinks[link.child] = (*uplinks.get(link.child, ()), link)
    return uplinks


def _check_no_cycle(uplinks: Mapping[str, tuple[LinkSpec, ...]]) -> None:
    left = dict(uplinks)
    while free := [n for n, links in left.items() if not {up.parent for up in links} & set(left)]:
        for name in free:
            del left[name]
    if not left:
        return
    seen = [next(iter(left))]  # in a cycle, or below one
    while True:
        link = next(link for link in left[seen[-1]] if link.parent in left)
        if link.parent in seen:
            circle = " -> ".join([*seen[seen.index(link.parent) :], link.parent])
            raise ScenarioError(f"links.{link.name}", f"closes a cycle: {circle}")
        seen.append(link.parent)


def _find_root(nodes: Mapping[str, NodeSpec], uplinks: Mapping[str, tuple[LinkSpec, ...]]) -> str:
    fixed = [node for node in nodes.values() if node.kind != "ue"]
    clouds = [node.name for node in fixed if node.kind == "cloud"]
    if len(clouds) != 1:
        raise ScenarioError("nodes", f"there must be one node of kind 'cloud', not {len(clouds)}")
    root = clouds[0]
    for node in fixed:
        if node.name != root and node.name not in uplinks:
            hint = "add a link whose child it is"
            raise ScenarioError(f"nodes.{node.name}", "no link leads to the cloud", hint=hint)
    if root in uplinks:
        link = uplinks[root][0].name
        raise ScenarioError(f"links.{link}.child", f"'{root}' is the cloud and can have no parent")
    if nodes[root].device is None:
        raise ScenarioError(f"nodes.{root}.device", "is required: the cloud must compute")
    return root
