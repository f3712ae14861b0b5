"""Physical quantities: one type for each, always in its SI unit, read from text with a unit.

    >>> parse_quantity("400 Mbps", RateBps)
    400000000
"""
