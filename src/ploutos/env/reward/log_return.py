"""Net log return."""

import numpy as np
import numpy.typing as npt

from ploutos.types import PositiveFloat, checked


class LogReturn:
    """Pay the net log return of the bar, after all costs: r = scale x ln(equity_tp1 / equity_t).

    Its sum over an episode is scale x ln(final / initial equity), so it ranks policies as net profit does,
    and a policy that stays in cash earns exactly 0.
    """

    @checked
    def __init__(self, *, scale: PositiveFloat) -> None:
        self.scale = scale

    def __call__(
        self, equity_t: npt.NDArray[np.float64], equity_tp1: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float32]:
        """Return rewards [B] float32 from equity [B] before and after the bar."""
        return (self.scale * np.log(equity_tp1 / equity_t)).astype(np.float32)
