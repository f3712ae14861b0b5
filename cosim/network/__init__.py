"""Networks that the engine can drive, behind one port."""
