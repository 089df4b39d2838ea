"""The named layout of the flat observation, so that nobody counts columns."""

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ploutos.types import ConfigError, one_of

ASSET_STATE = ("member", "weight", "unrealised_return")
PORTFOLIO_STATE = ("cash_weight", "drawdown")

ArrayLike = TypeVar("ArrayLike")  # numpy array or torch tensor


@dataclass(frozen=True)
class Layout:
    """Flat observation = N blocks of asset columns, then the global columns.

    Asset columns: features, then member (0/1), weight (share of equity), unrealised return (fraction of
    the average entry price). Global columns: cash weight, drawdown (fraction of peak), macro columns.
    """

    assets: int
    feature_names: tuple[str, ...]
    macro_names: tuple[str, ...]

    @property
    def asset_columns(self) -> tuple[str, ...]:
        """Names of one asset's columns."""
        return (*self.feature_names, *ASSET_STATE)

    @property
    def global_columns(self) -> tuple[str, ...]:
        """Names of the columns that all assets share."""
        return (*PORTFOLIO_STATE, *self.macro_names)

    @property
    def size(self) -> int:
        """Length of one flat observation."""
        return self.assets * len(self.asset_columns) + len(self.global_columns)

    def split(self, observation: Any) -> tuple[Any, Any]:
        """Return views ([B, N, A], [B, G]) of `observation` [B, D], array or tensor."""
        width = len(self.asset_columns)
        cut = self.assets * width
        return observation[:, :cut].reshape(-1, self.assets, width), observation[:, cut:]

    def asset_column(self, observation: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
        """Return the view [B, N] of the asset column `name`."""
        if name not in self.asset_columns:
            raise one_of("observation column", name, self.asset_columns)
        assets, _ = self.split(observation)
        column: npt.NDArray[np.float32] = assets[:, :, self.asset_columns.index(name)]
        return column

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description."""
        return asdict(self)

    def require_same_columns(self, trained: dict[str, Any]) -> None:
        """Refuse a policy that was trained on other columns or another order, by name."""
        for kind in ("feature_names", "macro_names"):
            expected, found = list(trained[kind]), list(getattr(self, kind))
            if expected != found:
                pairs = zip(expected + [None] * len(found), found + [None] * len(expected), strict=False)
                index, (want, have) = next((i, p) for i, p in enumerate(pairs) if p[0] != p[1])
                raise ConfigError(
                    f"policy and panel differ in {kind}: position {index} is '{have}' in the panel,"
                    f" '{want}' in the policy"
                )
