"""Net log return."""

import numpy as np
import numpy.typing as npt

from ploutos.types import PositiveFloat, checked

RUIN = 1e-6  # share of equity that a bar leaves at least, in the eyes of the reward


class LogReturn:
    """Pay the net log return of the bar, after all costs: r = scale x ln(equity_tp1 / equity_t).

    Its sum over an episode is scale x ln(final / initial equity), so it ranks policies as net profit does,
    and a policy that stays in cash earns exactly 0. One bar's loss counts as at most `RUIN`, so that losing
    everything is paid with a large finite number, and a portfolio without money earns 0 from then on.
    """

    @checked
    def __init__(self, *, scale: PositiveFloat) -> None:
        self.scale = scale

    def __call__(
        self, equity_t: npt.NDArray[np.float64], equity_tp1: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float32]:
        """Return rewards [B] float32 from equity [B] before and after the bar."""
        growth = np.divide(equity_tp1, equity_t, out=np.ones_like(equity_t), where=equity_t > 0)
        return (self.scale * np.log(np.maximum(growth, RUIN))).astype(np.float32)
