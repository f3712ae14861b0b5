"""How far the simplified simulator is from the packets, on the same scenario and seeds."""

from cosim.validation.validate import Row, Validation, validate

__all__ = ["Row", "Validation", "validate"]
