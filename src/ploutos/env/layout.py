"""The named layout of the flat observation, so that nobody counts columns."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.types import ConfigError, one_of

ASSET_STATE = ("member", "weight", "unrealised_return", "holding_bars")
PORTFOLIO_STATE = ("cash_weight", "drawdown", "leverage")


@dataclass(frozen=True)
class Layout:
    """Flat observation = features [N, F], then one block [N] for each asset state, then the global columns.

    Asset state: member (0/1), weight (share of equity, negative where short), unrealised return (profit as a
    fraction of the average entry price), holding bars (since the position was opened, 0 where flat). Global
    columns: cash weight, drawdown (fraction of peak), leverage (gross exposure / equity), macro columns.
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

    def features(self, observation: Any) -> Any:
        """Return the view [B, N, F] of `observation` [B, D], array or tensor."""
        width = len(self.feature_names)
        return observation[:, : self.assets * width].reshape(-1, self.assets, width)

    def asset_state(self, observation: Any, name: str) -> Any:
        """Return the view [B, N] of one of `ASSET_STATE`, of an array or tensor."""
        begin = self.assets * (len(self.feature_names) + ASSET_STATE.index(name))
        return observation[:, begin : begin + self.assets]

    def portfolio_state(self, observation: Any, name: str) -> Any:
        """Return the view [B] of one of `PORTFOLIO_STATE`, of an array or tensor."""
        return observation[:, self.assets * len(self.asset_columns) + PORTFOLIO_STATE.index(name)]

    def macro(self, observation: Any) -> Any:
        """Return the view [B, M] of the macro columns, of an array or tensor."""
        return observation[:, self.size - len(self.macro_names) :]

    def asset_column(self, observation: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
        """Return the view [B, N] of the asset column `name`, feature or state."""
        if name in ASSET_STATE:
            state: npt.NDArray[np.float32] = self.asset_state(observation, name)
            return state
        if name not in self.feature_names:
            raise one_of("observation column", name, self.asset_columns)
        column: npt.NDArray[np.float32] = self.features(observation)[:, :, self.feature_names.index(name)]
        return column

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description."""
        return asdict(self)

    def require_same_columns(self, trained: dict[str, Any]) -> None:
        """Refuse a policy that was trained on other columns or another order, by name."""
        for kind in ("feature_names", "macro_names"):
            expected, found = list(trained.get(kind, ())), list(getattr(self, kind))
            if expected != found:
                pairs = zip(expected + [None] * len(found), found + [None] * len(expected), strict=False)
                index, (want, have) = next((i, p) for i, p in enumerate(pairs) if p[0] != p[1])
                raise ConfigError(
                    f"policy and panel differ in {kind}: position {index} is '{have}' in the panel,"
                    f" '{want}' in the policy"
                )
