"""A recurrent network that forecasts a link's capacity, in the manner of LinkForecast.

LinkForecast (Yue et al., IEEE TMC 2018) forecasts an LTE link's bandwidth from its recent past and
lower-layer indicators. Simplified here: only the past capacity goes in, and a small GRU takes the
place of its random forest.
"""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from cosim.forecasting.forecasters import Forecaster


@contextmanager
def _one_thread() -> Iterator[None]:
    """Such small a network is slower on several threads, on a busy machine by far."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class Learned(Forecaster):
    """Forecasts with a GRU, after `fit` has been called with a trace.

    Parameters
    ----------
    step_s
        Spacing of the observations.
    window
        How many of them go in.
    horizon
        How many steps ahead it learns to look.
    hidden
        Width of the GRU.
    seed
        Of its weights and of the order of training.
    """

    def __init__(
        self, step_s: float, *, window: int = 16, horizon: int = 8, hidden: int = 24, seed: int = 0
    ) -> None:
        self._step_s, self._window, self._horizon = step_s, window, horizon
        self._recent: deque[float] = deque(maxlen=window)
        self._generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._gru = nn.GRU(1, hidden, batch_first=True)
            self._head = nn.Linear(hidden, horizon)
        self._scale = 1.0
        self._fitted = False

    def fit(self, values: Sequence[float], *, epochs: int = 30, batch: int = 64) -> float:
        """Learn from a trace with even spacing; return the mean relative error on its last fifth.

        Raises
        ------
        ValueError
            When the trace is too short to learn from.
        """
        series = torch.tensor(values, dtype=torch.float32)
        span = self._window + self._horizon
        if series.numel() < 5 * span:
            raise ValueError(f"values has {series.numel()} entries, at least {5 * span} are needed")
        self._scale = float(series.abs().mean()) or 1.0
        windows = (series / self._scale).unfold(0, span, 1)
        split = int(len(windows) * 0.8)
        with _one_thread():
            self._train(windows[: split - span], epochs, batch)
        self._fitted = True
        held_out = windows[split:]
        with torch.no_grad():
            guess = self._network(held_out[:, : self._window])
        truth = held_out[:, self._window :]
        return float(((guess - truth).abs() / truth.abs().clamp(min=1e-6)).mean())

    def fresh(self) -> Learned:
        """Another one that has learned the same, and has observed nothing yet."""
        other = copy.copy(self)
        other._recent = deque(maxlen=self._window)
        other._last_s = -math.inf
        return other

    def _train(self, windows: torch.Tensor, epochs: int, batch: int) -> None:
        parameters = [*self._gru.parameters(), *self._head.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=5e-3)
        for _ in range(epochs):
            order = torch.randperm(len(windows), generator=self._generator)
            for chosen in order.split(batch):
                past = windows[chosen, : self._window]
                future = windows[chosen, self._window :]
                loss = nn.functional.smooth_l1_loss(self._network(past), future)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def _network(self, past: torch.Tensor) -> torch.Tensor:
        """What the past says of the next `horizon` values: the last one, plus what was learned."""
        states, _ = self._gru(past.unsqueeze(-1))
        change: torch.Tensor = self._head(states[:, -1])
        return past[:, -1:] + change

    def _take(self, time_s: float, value: float) -> None:
        self._recent.append(value)

    def _look(self, ahead_s: float) -> float:
        step = min(round(ahead_s / self._step_s), self._horizon)
        if not self._fitted or len(self._recent) < self._window or step == 0:
            return self._recent[-1]
        past = torch.tensor([list(self._recent)], dtype=torch.float32) / self._scale
        with torch.no_grad():
            return float(self._network(past)[0, step - 1]) * self._scale
