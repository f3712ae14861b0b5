"""Records of runs, and replays of them: as recorded, or up to where they part."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

import cosim
from cosim.cli.main import main
from cosim.errors import DivergenceError, InputError, OutputError, PeerDiedError
from cosim.network.exchanges import Answered, Asked, Ended, Entry, Opened, read_exchanges
from cosim.replaying import first_difference
from cosim.results import RunResult

LOG = "exchanges.log"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def record(directory: Path, factory: Any, **more: Any) -> RunResult:
    return cosim.run(
        "chain3", duration_s=0.3, out=directory, record=True, port_factory=factory, **more
    )


def rewrite(path: Path, change: Any) -> None:
    """Put a changed record in the place of one; `change` gives each entry anew."""
    entries = [change(number, entry) for number, entry in enumerate(read_exchanges(path))]
    with path.open("wb") as file:
        for entry in entries:
            raw = msgspec.msgpack.encode(entry)
            file.write(len(raw).to_bytes(4, "big") + raw)


@pytest.fixture
def open_still(still: Any) -> Any:
    return lambda scenario, stderr: still(scenario)


def test_a_record_has_both_sides_in_turn(open_still: Any, tmp_path: Path) -> None:
    run = record(tmp_path / "x", open_still)
    entries = list(read_exchanges(tmp_path / "x" / LOG))
    assert entries[0] == Opened(1, run.manifest.scenario_sha256, "still network 1")
    kinds = [type(entry) for entry in entries[1:]]
    assert kinds == [Answered, *[Asked, Answered] * ((len(kinds) - 2) // 2), Ended]
    sent = sum(len(entry.commands) for entry in entries if isinstance(entry, Asked))
    assert run.manifest.totals is not None
    assert sent == run.manifest.totals["sent_messages"] > 0


def test_no_record_unless_asked_for(open_still: Any, tmp_path: Path) -> None:
    cosim.run("chain3", duration_s=0.1, out=tmp_path / "x", port_factory=open_still)
    assert not (tmp_path / "x" / LOG).exists()
    with pytest.raises(OutputError, match="no record of exchanges; record one with"):
        cosim.replay(tmp_path / "x", sides=["controllers"])


def test_both_sides_do_as_recorded(open_still: Any, tmp_path: Path) -> None:
    run = record(tmp_path / "x", open_still)
    for side in cosim.replay(tmp_path / "x", port_factory=open_still):
        assert side.is_whole and side.exchanges > 20
        assert side.simulated_s == run.manifest.simulated_s


def test_controllers_that_ask_for_something_else(open_still: Any, tmp_path: Path) -> None:
    record(tmp_path / "x", open_still)
    sends = [i for i, e in enumerate(read_exchanges(tmp_path / "x" / LOG)) if _has_task(e)]

    def shrink(number: int, entry: Entry) -> Entry:
        if number != sends[2]:
            return entry
        assert isinstance(entry, Asked)
        first = msgspec.structs.replace(entry.commands[0], size_bytes=7)
        return Asked(entry.until_ns, (first, *entry.commands[1:]))

    rewrite(tmp_path / "x" / LOG, shrink)
    with pytest.raises(DivergenceError, match=r"commands\[0\]\.size_bytes is \d+, recorded 7"):
        cosim.replay(tmp_path / "x", sides=["controllers"])
    network = cosim.replay  # the other side parts as well: a smaller message arrives earlier
    with pytest.raises(DivergenceError, match="network: not as recorded from exchange"):
        network(tmp_path / "x", sides=["network"], port_factory=open_still)


def _has_task(entry: Entry) -> bool:
    return isinstance(entry, Asked) and any(send.size_bytes > 9000 for send in entry.commands)


def test_a_network_that_answers_something_else(open_still: Any, still: Any, tmp_path: Path) -> None:
    record(tmp_path / "x", open_still)

    class Slower(still):  # type: ignore[misc]
        def advance(self, until_ns: int, commands: Any) -> Any:
            step = super().advance(until_ns, commands)
            late = step.now_ns > 200_000_000
            return msgspec.structs.replace(step, now_ns=step.now_ns + 1) if late else step

    with pytest.raises(DivergenceError, match=r"now_ns is \d+, recorded \d+") as caught:
        cosim.replay(tmp_path / "x", sides=["network"], port_factory=lambda s, e: Slower(s))
    assert 190_000_000 < (caught.value.sim_time_ns or 0) <= 210_000_000


@pytest.mark.parametrize("kind", ["network", "terminate"])
def test_the_record_of_a_failed_run_is_replayed_to_its_end(
    kind: str, open_still: Any, still: Any, trouble: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(Exception, match=r"died|SIGTERM"):
        record(tmp_path / "x", lambda scenario, stderr: still(scenario, trouble[kind]))
    for side in cosim.replay(tmp_path / "x", port_factory=open_still):
        assert not side.is_whole
        assert 0.09 <= side.simulated_s <= 0.11


def test_a_record_that_was_cut_anywhere_is_read_as_far_as_it_goes(
    open_still: Any, tmp_path: Path
) -> None:
    record(tmp_path / "x", open_still)
    path = tmp_path / "x" / LOG
    whole = path.read_bytes()
    entries = list(read_exchanges(path))
    for length in range(0, len(whole), len(whole) // 50):
        path.write_bytes(whole[:length])
        found = list(read_exchanges(path))
        assert found == entries[: len(found)] or "nan" in repr(found)
    path.write_bytes(b"\x00\x00\x00\x02\xc1\xc1" + whole)
    with pytest.raises(OutputError, match="cannot be read"):
        list(read_exchanges(path))


def test_a_run_that_is_no_longer_what_was_recorded(open_still: Any, tmp_path: Path) -> None:
    record(tmp_path / "x", open_still)
    manifest = tmp_path / "x/manifest.json"
    run = json.loads(manifest.read_text())
    run["profiles"]["device/paper-ue"] = "0" * 64
    manifest.write_text(json.dumps(run))
    with pytest.raises(InputError, match="device/paper-ue is not as it was"):
        cosim.replay(tmp_path / "x", sides=["controllers"])
    scenario = tmp_path / "x/scenario.toml"
    scenario.write_text(scenario.read_text().replace("seed = 1", "seed = 2"))
    with pytest.raises(InputError, match="scenario beside the record is not"):
        cosim.replay(tmp_path / "x", sides=["controllers"])


def test_the_command_line(open_still: Any, tmp_path: Path) -> None:
    record(tmp_path / "x", open_still)
    result = call("replay", str(tmp_path / "x"), "--side", "controllers")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("controllers: ") and "as recorded" in result.stdout
    shown = json.loads(
        call("replay", str(tmp_path / "x"), "--side", "controllers", "--json").stdout
    )
    assert shown["replays"][0]["is_whole"] is True
    rewrite(tmp_path / "x" / LOG, lambda n, e: Asked(e.until_ns + 1, ()) if n == 20 else e)
    parted = call("replay", str(tmp_path / "x"), "--side", "controllers")
    assert parted.exit_code == 1
    assert parted.stderr.startswith("error: controllers: not as recorded from exchange 10 on: ")
    assert call("replay", str(tmp_path / "nothing")).exit_code == 2


@pytest.mark.parametrize(
    ("now", "recorded", "said"),
    [
        ({"a": [1, 2]}, {"a": [1, 2]}, None),
        ({"a": math.nan}, {"a": math.nan}, None),
        ({"a": [1, 2]}, {"a": [1, 3]}, "a[1] is 2, recorded 3"),
        ({"a": [1]}, {"a": [1, 3]}, "a has 1 entries, recorded are 2"),
        ({"a": 1}, {"b": 1}, " is {'a': 1}, recorded {'b': 1}"),
        ([{"a": {"b": 0.5}}], [{"a": {"b": math.nan}}], "[0].a.b is 0.5, recorded nan"),
    ],
)
def test_the_first_difference(now: Any, recorded: Any, said: str | None) -> None:
    assert first_difference(now, recorded) == said


@pytest.mark.ns3
def test_a_run_of_ns3_is_replayed(tmp_path: Path) -> None:
    cosim.run("chain3", duration_s=0.3, out=tmp_path / "x", record=True)
    replays = cosim.replay(tmp_path / "x")
    assert [replay.is_whole for replay in replays] == [True, True]
    # Another seed of ns-3's is noticed, and where.
    rewrite(
        tmp_path / "x" / LOG,
        lambda n, e: Asked(e.until_ns, ()) if isinstance(e, Asked) and e.commands else e,
    )
    with pytest.raises(DivergenceError, match="network: not as recorded"):
        cosim.replay(tmp_path / "x", sides=["network"])


def test_a_network_that_dies_in_a_replay_says_so(
    open_still: Any, still: Any, trouble: dict[str, Any], tmp_path: Path
) -> None:
    record(tmp_path / "x", open_still)
    with pytest.raises(PeerDiedError):
        cosim.replay(
            tmp_path / "x",
            sides=["network"],
            port_factory=lambda scenario, stderr: still(scenario, trouble["network"]),
        )
