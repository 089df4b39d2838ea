"""Each asset through the same layers, and their mean as context; no memory."""

from typing import TYPE_CHECKING

from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler
from ploutos.types import PositiveFloat, PositiveInt, checked

if TYPE_CHECKING:
    from ploutos.agent.network.base import Perception


class CrossSectionalMlp:
    """Permutation-equivariant network without memory.

    Parameters
    ----------
    asset_width : units of the asset encoder; head_width : of the heads.
    clip : bound of every normalised input, in robust standard deviations.
    """

    @checked
    def __init__(
        self,
        *,
        asset_width: PositiveInt,
        head_width: PositiveInt,
        clip: PositiveFloat,
    ) -> None:
        self.asset_width = asset_width
        self.head_width = head_width
        self.clip = clip

    def perception(self, layout: Layout, scaler: RobustScaler) -> "Perception":
        """Return untrained weights (a heavy import)."""
        from ploutos.agent.network.mlp_perception import MlpPerception

        return MlpPerception(
            layout,
            scaler,
            width=self.asset_width,
        )
