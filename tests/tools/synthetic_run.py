"""A run directory without a simulation, whose numbers are known."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from cosim.results import (
    ForecastRecord,
    LinkRecord,
    Manifest,
    RunResult,
    RunWriter,
    SciRecord,
    TaskRecord,
)
from cosim.scenario import load_scenario, to_toml

MANIFEST = Manifest(
    status="running",
    scenario="sub6",
    policy="hivemind",
    model="resnet18",
    load="mid",
    seed=1,
    duration_s=5.0,
    scenario_sha256="0" * 64,
    command=("cosim", "run", "sub6"),
    started_at="2025-01-01T00:00:00Z",
    profiles={"model/resnet18": "1" * 64},
    versions={"cosim": "0", "network": "paper 1"},
    pid=os.getpid(),
)
PLANS = (
    (("ue", "core"), (0, 3, 69)),
    (("ue", "core", "cloud"), (0, 0, 30, 69)),
)


class SyntheticRun:
    """A run of `sub6` (a UE in a car, one gNB without a computer) whose numbers are known.

    Task ``i`` starts at ``i / 10`` s, takes 20 ms to compute at the UE, 10 ms to each further node
    and 5 ms there; every fifth one begins a stretch of the other plan.
    """

    def __init__(
        self,
        directory: Path,
        *,
        tasks: int = 40,
        seconds: int = 5,
        kind: str = "inference",
        **changes: Any,
    ) -> None:
        self.directory = directory
        self.manifest = msgspec.structs.replace(MANIFEST, **changes)
        scenario = load_scenario(
            "sub6",
            [
                ("policy", "hivemind"),
                ("task.kind", kind),
                ("seed", self.manifest.seed),
                ("load", self.manifest.load),
            ],
        )
        self.writer = RunWriter(directory, self.manifest, to_toml(scenario), replace=True)
        for task_id in range(tasks):
            self.writer.add(self.task(task_id))
        for tick in range(100 * seconds):
            self.links(tick / 100)
        for update in range(20 * seconds):
            self.signalling(update + 1, update * 0.05)

    def task(self, task_id: int) -> TaskRecord:
        route, boundaries = PLANS[task_id // 5 % 2]
        further = len(route) - 1
        transfer, compute = (0.0, *[0.01] * further), (0.02, *[0.005] * further)
        return TaskRecord(
            task_id=task_id,
            ue="ue",
            policy=self.manifest.policy,
            start_s=task_id / 10,
            latency_s=sum(transfer) + sum(compute),
            compute_s=sum(compute),
            transfer_s=sum(transfer),
            queue_s=0.0,
            energy_j=0.5 + 0.1 * further,
            boundaries=boundaries,
            route=route,
            status="done",
            hop_transfer_s=transfer,
            hop_queue_s=(0.0,) * (further + 1),
            hop_compute_s=compute,
        )

    def links(self, time_s: float) -> None:
        up = (("ue-access", "ue", "gnb"), ("N", "gnb", "core"), ("C", "core", "cloud"))
        for name, child, parent in up:
            for ends in ((child, parent), (parent, child)):
                self.writer.add(self.link(time_s, name, *ends))

    def link(self, time_s: float, name: str, transmitter: str, receiver: str) -> LinkRecord:
        return LinkRecord(
            time_s=time_s,
            link=name,
            transmitter=transmitter,
            receiver=receiver,
            capacity_bps=round(10e6 + 1e6 * time_s),
            latency_s=0.001,
            queue_bytes=0,
            queue_delay_s=0.0,
            hol_delay_s=0.0,
            mcs=10,
            sinr_db=12.0,
            used_fraction=0.5,
        )

    def signalling(self, update_id: int, start_s: float) -> None:
        """From the cloud to the core in 4 ms, from there to the UE in 6 ms; the core forecasts."""
        self.writer.add(
            SciRecord(
                update_id=update_id,
                start_s=start_s,
                duration_s=0.01,
                messages=2,
                bytes=600,
                step_nodes=("cloud", "core", "ue"),
                step_times_s=(start_s, start_s + 0.004, start_s + 0.01),
            )
        )
        told = ForecastRecord(
            time_s=start_s, node="core", link="C", ahead_s=0.05, capacity_bps=9e6 + 0.9e6 * start_s
        )
        self.writer.add(told)

    def close(self, status: Any = "done", **changes: Any) -> RunResult:
        self.writer.close(status, **{"simulated_s": 5.0, "wall_s": 1.0} | changes)
        return RunResult.open(self.directory)
