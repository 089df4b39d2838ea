"""The default network: shared asset encoder, memory of each asset and of the market, shared heads."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler
from ploutos.types import NonNegativeInt, PositiveFloat, PositiveInt, checked

if TYPE_CHECKING:
    from ploutos.agent.network.base import Perception


class CrossSectionalLstm:
    """Permutation-equivariant network with an LSTM over each asset and one over the market.

    Parameters
    ----------
    asset_width : units of the asset encoder; head_width : of the heads.
    asset_memory_width : units of the memory of each asset; 0 = none.
    lstm_width : units of the memory of the market.
    memory_bars : longest span of the memories before training; training may stretch it.
    clip : bound of every normalised input, in robust standard deviations.
    """

    @checked
    def __init__(
        self,
        *,
        asset_width: PositiveInt,
        asset_memory_width: NonNegativeInt,
        lstm_width: PositiveInt,
        memory_bars: Annotated[int, Field(ge=2)],
        head_width: PositiveInt,
        clip: PositiveFloat,
    ) -> None:
        self.asset_width = asset_width
        self.asset_memory_width = asset_memory_width
        self.lstm_width = lstm_width
        self.memory_bars = memory_bars
        self.head_width = head_width
        self.clip = clip

    def perception(self, layout: Layout, scaler: RobustScaler) -> "Perception":
        """Return untrained weights (a heavy import)."""
        from ploutos.agent.network.lstm_perception import LstmPerception

        return LstmPerception(
            layout,
            scaler,
            width=self.asset_width,
            asset_memory=self.asset_memory_width,
            market_memory=self.lstm_width,
            memory_bars=self.memory_bars,
        )
