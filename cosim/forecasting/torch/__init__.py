"""A learned forecaster. Needs the extra ``torch``; nothing else of cosim imports this."""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        "cosim.forecasting.torch needs torch: pip install 'hivemind-cosim[torch]'"
    ) from error

from cosim.forecasting.torch.learned import Learned

__all__ = ["Learned"]
