"""The learning rate rises in a straight line, then falls along a cosine."""

import math

from ploutos.types import Fraction, checked


class CosineWarmup:
    """From 0 to 1 over the share `warmup` of the training, then half a cosine down to `final`.

    References
    ----------
    Loshchilov & Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, arXiv:1608.03983.
    """

    @checked
    def __init__(self, *, warmup: Fraction, final: Fraction) -> None:
        self.warmup = warmup
        self.final = final

    def factor(self, progress: float) -> float:
        """Return progress / warmup, then final + (1 - final) (1 + cos(pi x)) / 2, x over the rest."""
        done = min(max(progress, 0.0), 1.0)
        if done < self.warmup:
            return done / self.warmup
        rest = (done - self.warmup) / (1.0 - self.warmup) if self.warmup < 1.0 else 0.0
        return self.final + (1.0 - self.final) * 0.5 * (1.0 + math.cos(math.pi * rest))
