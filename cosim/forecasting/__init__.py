"""Forecasting the capacity of a link, for predictive splitting (HiveMind IV.F, spec section 4)."""

from cosim.forecasting.forecasters import (
    Autoregressive,
    Ewma,
    Forecaster,
    LastValue,
    Oracle,
    forecaster_names,
    make_forecaster,
)
from cosim.forecasting.lag import LagEstimator
from cosim.forecasting.trace import CapacityTrace

__all__ = [
    "Autoregressive",
    "CapacityTrace",
    "Ewma",
    "Forecaster",
    "LagEstimator",
    "LastValue",
    "Oracle",
    "forecaster_names",
    "make_forecaster",
]
