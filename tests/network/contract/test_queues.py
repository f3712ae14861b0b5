"""What queues do when they are full, or when who waits in them is elsewhere; fluid has none."""

from __future__ import annotations

from statistics import mean

import pytest

from cosim.network.port import Attachment, Delivery, ReportTick, Transport

MS = 1_000_000
TCP, UDP = Transport.TCP, Transport.UDP
PACKET_BYTES = 1400


@pytest.mark.parametrize("forwarding", [True, False])
def test_what_waits_downward_at_a_handover_is_forwarded_or_lost(
    open_port, drive, forwarding: bool
) -> None:
    options = (("nodes.ue.speed", "200 km/h"), ("radio.handover_forwarding", forwarding))
    quiet = drive(open_port("mmwave-iab", *options))
    quiet.run(1000 * MS)
    _, handover = quiet.of(Attachment)
    run = drive(open_port("mmwave-iab", *options))
    run.run(handover.time_ns - 2 * MS // 5)  # too late for the old cell to send any of it
    burst = [run.send(handover.previous, "ue", PACKET_BYTES, UDP) for _ in range(100)]
    run.run(2000 * MS, *burst)
    assert run.of(Attachment)[1] == handover
    assert len(run.of(Delivery)) == (len(burst) if forwarding else 0)
    assert run.port.finish().lost_messages == (0 if forwarding else len(burst))


@pytest.mark.parametrize("flow_control", [True, False])
def test_a_full_relay_drops_or_holds_back(open_port, drive, flow_control: bool) -> None:
    blockage = {"link": "E", "start": "90 ms", "end": "300 ms", "loss": "40 dB"}  # the lowest MCS
    run = drive(
        open_port(
            "mmwave-iab",
            ("background.ues_per_cell", 0),
            ("radio.queue", "200 kB"),
            ("radio.flow_control", flow_control),
            ("blockages", [blockage]),
        )
    )
    # 257 kB: more than a queue, less than that of the UE and half of the relay's together.
    sent = 4 * 45
    for step in range(4):
        run.run((95 + 10 * step) * MS)
        run.run(run.now_ns, *[run.send("ue", "iab6", PACKET_BYTES, UDP) for _ in range(sent // 4)])
    run.run(1500 * MS)  # a second on, what has not come is lost
    lost = run.port.finish().lost_messages
    assert len(run.of(Delivery)) + lost == sent
    full = "simplified" not in run.port.version and not flow_control
    # What is beyond a queue, less what has gone on in the meantime, and has come since.
    assert (20 < lost < 40) if full else (lost == 0)


@pytest.mark.parametrize(
    ("discipline", "tcp_ms", "other_ms"),
    [
        # TCP fills what there is: 500 kB at 50 Mbps are 80 ms.
        ("drop-tail", (40, 80), (40, 80)),
        # Target of 5 ms (RFC 8289 4.4); others wait in the same queue, which bursts make longer.
        ("codel", (2, 6), (2, 10)),
        # The same for each flow, and another flow does not wait behind it (RFC 8290).
        ("fq-codel", (2, 6), (0, 1)),
        # Target of 15 ms (RFC 8033 4.2).
        ("pie", (10, 20), (10, 22)),
    ],
)
def test_queue_disciplines_keep_the_delay_that_they_aim_at(
    open_port,
    drive,
    discipline: str,
    tcp_ms: tuple[float, float],
    other_ms: tuple[float, float],
) -> None:
    run = drive(open_port("chain3", ("links.W.queue_discipline", discipline)))
    run.run(0, run.send("core", "cloud", 20_000_000, TCP))
    for step in range(1, 40):
        run.run(step * 50 * MS, run.send("core", "cloud", 200, UDP))
    steady = [tick for tick in run.of(ReportTick) if tick.time_ns > 500 * MS]
    queued_ms = mean(
        link.queue_delay_ns / MS
        for tick in steady
        for link in tick.links
        if (link.link, link.transmitter) == ("W", "core")
    )
    waited_ms = mean((d.time_ns - d.sent_ns) / MS - 5 for d in run.of(Delivery))
    if "simplified" in run.port.version:
        assert waited_ms < 1
        return
    assert tcp_ms[0] < queued_ms <= tcp_ms[1]
    assert other_ms[0] < waited_ms <= other_ms[1]
