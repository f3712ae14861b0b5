"""The standard forms of non-linear models with the aim that the paper gives them (VII.E)."""

from __future__ import annotations

from cosim.splitting.rivals import HiveMindQa


class RnnStandardQa(HiveMindQa):
    """As `cosim.splitting.RnnStandard`, for least energy below a limit of latency."""

    name = "rnn-standard-qa"
    splits_module = True


class CollabStandardQa(HiveMindQa):
    """As `cosim.splitting.CollabStandard`, for least energy below a limit of latency."""

    name = "collab-standard-qa"
    counts_merging = False
