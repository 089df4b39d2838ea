"""All slots side by side into one MLP, the usual way; knows slots, not assets."""

from typing import TYPE_CHECKING

from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler
from ploutos.types import PositiveFloat, PositiveInt, checked

if TYPE_CHECKING:
    from ploutos.agent.network.base import Perception


class FlatMlp:
    """Multilayer perceptron on the flat features of all slots; not permutation-equivariant.

    What it learns about a slot is lost when another name moves in, and it fits one number of slots only. It
    is here to be compared with.

    Parameters
    ----------
    width : units of its hidden layers; asset_width : of what it says about each slot.
    head_width : units of the heads.
    clip : bound of every normalised input, in robust standard deviations.
    """

    @checked
    def __init__(
        self,
        *,
        width: PositiveInt,
        asset_width: PositiveInt,
        head_width: PositiveInt,
        clip: PositiveFloat,
    ) -> None:
        self.width = width
        self.asset_width = asset_width
        self.head_width = head_width
        self.clip = clip

    def perception(self, layout: Layout, scaler: RobustScaler) -> "Perception":
        """Return untrained weights (a heavy import)."""
        from ploutos.agent.network.flat_perception import FlatPerception

        return FlatPerception(
            layout,
            scaler,
            width=self.width,
            asset_width=self.asset_width,
        )
