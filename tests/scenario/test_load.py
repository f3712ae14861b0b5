"""Loading scenarios: built-ins, strictness, overrides, and the key path in every error."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cosim.errors import CosimError, ScenarioError, UnknownNameError
from cosim.scenario import (
    list_scenarios,
    load_scenario,
    scenario_hash,
    to_toml,
)
from cosim.scenario.load import scenario_from_tables
from cosim.scenario.overrides import split_override

Tables = dict[str, Any]


def tables() -> Tables:
    return tomllib.loads(to_toml(load_scenario("chain3")))


def node(raw: Tables, name: str) -> Tables:
    item: Tables = next(node for node in raw["nodes"] if node["name"] == name)
    return item


def refused(raw: Tables) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        scenario_from_tables(raw)
    assert caught.value.exit_code == 2
    return caught.value


def test_builtins_load() -> None:
    assert {"chain3", "mmwave-iab", "sub6"} <= set(list_scenarios())
    assert all(load_scenario(name).name == name for name in list_scenarios())
    assert len(load_scenario("mmwave-iab").nodes) == 10


def test_unknown_builtin_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'mmwave-iab'"):
        load_scenario("mmwave-iba")


def test_loads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(to_toml(load_scenario("chain3")))
    assert load_scenario(str(path)) == load_scenario("chain3")
    path.write_text(path.read_text(), encoding="utf-8-sig")  # with a byte order mark
    assert load_scenario(path) == load_scenario("chain3")


@pytest.mark.parametrize("content", [None, b"name = ", b"\xff\xfe"])
def test_unreadable_file_is_bad_input(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ScenarioError, match=r"mine\.toml"):
        load_scenario(path)


def set_(path: str, value: object) -> Callable[[Tables], None]:
    def edit(raw: Tables) -> None:
        *steps, last = path.split(".")
        target: Any = raw
        for step in steps:
            target = target[int(step)] if step.isdecimal() else target[step]
        target[last] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "key_path", "message"),
    [
        (set_("raido", {}), "raido", "did you mean 'radio'"),
        (set_("radio.bandwith", "50 MHz"), "radio.bandwith", "did you mean 'bandwidth'"),
        (set_("nodes.0.sped", "1 m/s"), "nodes.ue.sped", "did you mean 'speed'"),
        (set_("links.1.capacity", "400 ms"), "links.W.capacity", "is a time, a data rate is"),
        (set_("links.1.capacity", 400), "links.W.capacity", "is not a data rate"),
        (set_("radio.numerology", "3"), "radio.numerology", "expected a whole number"),
        (set_("nodes.1.kind", "doner"), "nodes.gnb.kind", "did you mean 'donor'"),
        (set_("load", "hihg"), "load", "did you mean 'high'"),
        (set_("nodes", 3), "nodes", "expected a list"),
        (set_("nodes.0.position_m", [1.0, 2.0]), "nodes.ue.position_m", "length 3"),
        (
            set_("background.rate_mixture", [{"sigma": float("nan")}]),
            "background.rate_mixture[0].sigma",
            "not a finite",
        ),
        (set_("nodes.0.name", "7up"), "nodes[0].name", "is no name"),
        (set_("radio.tdd_pattern", "DDX"), "radio.tdd_pattern", "letters D, S, U"),
        (set_("radio.bandwidth", "5 GHz"), "radio.bandwidth", "TR 38.901"),
        (set_("duration", "0 s"), "duration", "more than 0"),
        (set_("seed", -1), "seed", "from 0"),
        (set_("nodes.0.speed", "1 m/s"), "nodes.ue.speed", "no waypoints_m"),
        (set_("nodes.2.position_m", [1.0, 2.0, 3.0]), "nodes.core.position_m", "only radio"),
        (set_("links.0.parent", "cor"), "links.N.parent", "did you mean 'core'"),
        (set_("links.0.child", "ue"), "links.N.child", "can have no fixed link"),
        (set_("links.0.kind", "wireless"), "links.N.capacity", "is for wired links"),
        (set_("links.0.name", "ue-access"), "links.ue-access.name", "a UE's radio link"),
        (
            set_("blockages", [{"link": "ue-acess", "start": "0 s", "end": "1 s"}]),
            "blockages[0].link",
            "did you mean 'ue-access'",
        ),
        (
            set_("blockages", [{"link": "ue-access", "start": "1 s", "end": "1 s"}]),
            "blockages[0].end",
            "later than start",
        ),
        (
            set_(
                "blockages", [{"link": "ue-access", "start": "0 s", "end": "1 s", "loss": "-3 dB"}]
            ),
            "blockages[0].loss",
            "more than 0",
        ),
        (set_("background.coherence", "999 us"), "background.coherence", "at least 1 ms"),
        (set_("radio.channel_update", "999 ns"), "radio.channel_update", "at least 1 us"),
        (set_("background.ues_per_cell", 70_000), "background.ues_per_cell", "more than 65000"),
        (set_("radio.bandwidth", "101 MHz"), "radio.bandwidth", "one of 50 MHz, 100 MHz"),
        (set_("radio.numerology", 1), "radio.numerology", "none at this carrier"),
        (set_("radio.carrier", "3.5 GHz"), "radio.numerology", "none at this carrier"),
        (set_("radio.queue", "5 kB"), "radio.queue", "from 10 kB"),
        (set_("radio.queue", "2 GB"), "radio.queue", "to 1 GB"),
        (set_("radio.harq_processes", 0), "radio.harq_processes", "from 1 to 32"),
        (set_("radio.harq_processes", 33), "radio.harq_processes", "from 1 to 32"),
        (set_("radio.harq_transmissions", 0), "radio.harq_transmissions", "from 1 to 16"),
        (set_("radio.harq_transmissions", 17), "radio.harq_transmissions", "from 1 to 16"),
        (set_("radio.harq_proceses", 8), "radio.harq_proceses", "did you mean 'harq_processes'"),
        (set_("radio.rlc_status_delay", "-1 ms"), "radio.rlc_status_delay", "negative"),
        (set_("radio.rlc_status_delay", 2), "radio.rlc_status_delay", "is not a time"),
        (set_("radio.channel_redraw", "1 ns"), "radio.channel_redraw", "at least 1 us"),
        (set_("report_interval", "1 ns"), "report_interval", "at least 1 us"),
        (set_("background.rate_mixture", []), "background.rate_mixture", "from 1 to 100"),
        (
            set_("background.rate_mixture", [{"sigma": 21.0}]),
            "background.rate_mixture[0].sigma",
            "from 0 to 20",
        ),
        (
            set_("background.population_mixture", [{"sigma": 1.0}, {"sigma": 4.0}]),
            "background.population_mixture[1].sigma",
            "from 0 to 3",
        ),
        (
            set_("background.population_mixture", [{"sigma": 1.0, "weight": 0}]),
            "background.population_mixture[0].weight",
            "from 0.001 to 1000",
        ),
        (set_("background.population_mixture", [{}]), "background.population_mixture[0].sigma", ""),
        (set_("nodes.1.background_ues", -1), "nodes.gnb.background_ues", "negative"),
        (set_("nodes.2.background_ues", 1), "nodes.core.background_ues", "have a cell"),
        (set_("nodes.1.background_ues", 20_000), "nodes.gnb.background_ues", "more than 10000"),
        (set_("background.downlink_share", -0.1), "background.downlink_share", "from 0 to 1000"),
        (set_("background.radius_m", 1e7), "background.radius_m", "at most 1000 km"),
        (set_("background.ues_per_cell", 20_000), "background.ues_per_cell", "more than 10000"),
        (set_("loads.mid", {"population": 1e4, "demand": 1}), "loads.mid.population", "to 1000"),
        (set_("loads.mid", {"population": 1, "demand": -1}), "loads.mid.demand", "from 0"),
        (set_("links.0.capacity", "11000 Gbps"), "links.N.capacity", "too large"),
        (
            set_("links.0.cross_traffic", {"rate": "1 Mbps", "sigma": 1e300}),
            "links.N.cross_traffic.sigma",
            "from 0 to 20",
        ),
        (
            set_("links.0.cross_traffic", {"rate": "1 Mbps", "coherence": "1 ns"}),
            "links.N.cross_traffic.coherence",
            "at least 1 us",
        ),
    ],
)
def test_error_names_key_path_and_remedy(
    edit: Callable[[Tables], None], key_path: str, message: str
) -> None:
    raw = tables()
    edit(raw)
    error = refused(raw)
    assert error.key_path == key_path
    assert message in str(error)


def test_all_traffic_has_a_most() -> None:
    high = [("load", "high"), ("loads.high", "{ population = 2.0, demand = 2.0 }")]
    for key, rate in (
        ("background.ue_rate", "6000 Gbps"),
        ("nodes.iab1.transit.ue_rate", "6000 Gbps"),
        ("links.F.cross_traffic.rate", "3000 Gbps"),
    ):
        load_scenario("mmwave-iab", [(key, rate)])
        with pytest.raises(ScenarioError, match="is more than 10 Tbit/s at this load") as caught:
            load_scenario("mmwave-iab", [(key, rate), *high])
        assert caught.value.key_path == key


def test_there_is_one_donor() -> None:
    raw = tables()
    raw["nodes"].append({**node(raw, "gnb"), "name": "gnb2"})
    raw["links"].append({**raw["links"][0], "name": "N2", "child": "gnb2"})
    error = refused(raw)
    assert error.key_path == "nodes.gnb2.kind" and "a second donor" in str(error)


def test_missing_required_key() -> None:
    raw = tables()
    del raw["name"]
    assert refused(raw).key_path == "name"


def test_a_scenario_without_tasks_is_refused() -> None:
    raw = tables()
    del node(raw, "ue")["device"]
    assert "no task would ever start" in str(refused(raw))


def test_overrides_reach_every_depth() -> None:
    scenario = load_scenario(
        "mmwave-iab",
        [
            ("radio.bandwidth", "50 MHz"),
            ("energy.count", '["ue"]'),
            ("nodes.ue.speed", "10 m/s"),
            ("nodes.1.position_m", "[1, 2, 3]"),
            ("links.F.cross_traffic.sigma", "0.5"),
            ("radio.ue_array", "{rows = 1, columns = 4}"),
            ("blockages", '[{link = "A", start = "1 s", end = "2 s"}]'),
            ("seed", 7),
        ],
    )
    assert scenario.radio.bandwidth == 50_000_000
    assert scenario.energy.count == ("ue",)
    assert scenario.nodes[0].speed == 10.0
    assert scenario.nodes[1].position_m == (1.0, 2.0, 3.0)
    cross = next(link for link in scenario.links if link.name == "F").cross_traffic
    assert cross is not None and cross.sigma == 0.5
    assert scenario.radio.ue_array.columns == 4
    assert scenario.blockages[0].loss == 60.0
    assert scenario.seed == 7


def test_override_creates_a_table_that_the_file_left_out() -> None:
    raw = tables()
    del raw["sci"]
    assert scenario_from_tables(raw, [("sci.period", "1 ms")]).sci.period == 1_000_000
    assert "sci" not in raw


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("raido.bandwidth", "50 MHz", "raido: unknown key; did you mean 'radio'"),
        ("radio.bandwith", "50 MHz", "radio.bandwith: unknown key; did you mean 'bandwidth'"),
        ("nodes.ux.speed", "1 m/s", "nodes.ux: no such item; did you mean 'ue'"),
        ("nodes.9.speed", "1 m/s", "nodes.9: no such item"),
        ("blockages.0.link", "A", "blockages.0: no such item"),
        ("seed.x", "1", "seed: is no table"),
        ("seed.x.y", "1", "seed: is no table"),
        ("links.N.cross_traffic.rate", "3 s", "links.N.cross_traffic.rate: '3 s' is a time"),
        ("", "1", "is no key path"),
        ("seed", "one", "seed: expected a whole number"),
        ("seed", "1\nload = 'low'", "seed: expected a whole number"),
    ],
)
def test_wrong_override(key: str, value: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario("chain3", [(key, value)])
    assert message in str(caught.value)


def test_split_override() -> None:
    assert split_override("a.b=c=d") == ("a.b", "c=d")
    with pytest.raises(CosimError, match=r"is not key\.path=value"):
        split_override("a.b")


def test_hash_follows_the_values() -> None:
    base = scenario_hash(load_scenario("chain3"))
    assert base == scenario_hash(load_scenario("chain3", [("seed", 1)]))
    assert base != scenario_hash(load_scenario("chain3", [("seed", 2)]))
    assert len(base) == 64


def test_only_iab_nodes_have_transit_traffic() -> None:
    overrides = [("nodes.core7.transit", '{ ues = 1, ue_rate = "10 Mbps" }')]
    with pytest.raises(ScenarioError, match=r"nodes\.core7\.transit: only IAB nodes"):
        load_scenario("mmwave-iab", overrides)
    loaded = load_scenario("mmwave-iab", [("nodes.iab5.transit", overrides[0][1])])
    assert next(n for n in loaded.nodes if n.name == "iab5").transit is not None
