"""Real tensors cross ns-3: whole, in order, of any size that the socket takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cosim
from cosim.errors import ProtocolError
from cosim.network.ns3 import open_ns3
from cosim.network.port import Delivery, Send, Transport
from cosim.scenario import load_scenario

pytestmark = pytest.mark.ns3


def test_large_payloads_arrive_as_they_were_sent(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    payloads = {number: random.bytes(size) for number, size in enumerate((3_000_000, 1, 70_000))}
    sends = tuple(
        Send(number, "gnb", "core", len(data), Transport.TCP, data)
        for number, data in payloads.items()
    )
    network = open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr")
    try:
        network.start()
        arrived: list[Delivery] = []
        step = network.advance(2_000_000_000, sends)
        while len(arrived) < len(payloads) and step.now_ns < 2_000_000_000:
            arrived += [event for event in step.events if isinstance(event, Delivery)]
            step = network.advance(2_000_000_000, ())
    finally:
        network.close()
    assert [event.transfer_id for event in arrived] == list(payloads)
    assert all(event.payload == payloads[event.transfer_id] for event in arrived)


def test_what_is_too_large_for_the_socket_is_an_error_that_says_so(tmp_path: Path) -> None:
    network = open_ns3(load_scenario("chain3"), stderr_path=tmp_path / "stderr")
    try:
        network.start()
        payload = bytes((1 << 28) + 1)
        huge = Send(1, "gnb", "core", len(payload), Transport.TCP, payload)
        with pytest.raises(ProtocolError, match=r"nodes send 2684\d+ bytes at once"):
            network.advance(1_000_000, (huge,))
    finally:
        network.close()


@pytest.mark.torch
def test_a_split_model_computes_the_same_over_ns3(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    result = cosim.run(
        "chain3",
        policy="single-split",
        model="resnet18",
        duration_s=1.0,
        overrides={"task.execute": True, "nodes.core.device": "paper-ue"},
        out=tmp_path / "out",
    )
    tasks = result.tasks[result.tasks["status"] == "done"]
    assert len(tasks) >= 3
    assert (tasks["output_error"] == 0).all()
    assert result.manifest.status == "done"
    assert result.summary()["network"]["sent_bytes"] > 1_000_000
