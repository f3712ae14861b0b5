"""A learned forecaster. Needs the extra ``torch``; nothing else of cosim imports this."""

import importlib.util

if importlib.util.find_spec("torch") is None:
    raise ImportError("cosim.forecasting.torch needs torch: pip install 'hivemind-cosim[torch]'")

from cosim.forecasting.torch.learned import Learned

__all__ = ["Learned"]
