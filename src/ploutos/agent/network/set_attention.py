"""Assets look at each other through masked multi-head self-attention; no memory."""

from typing import TYPE_CHECKING

from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler
from ploutos.types import ConfigError, PositiveFloat, PositiveInt, checked

if TYPE_CHECKING:
    from ploutos.agent.network.base import Perception


class SetAttention:
    """Permutation-equivariant network of self-attention blocks (set transformer), without memory.

    Parameters
    ----------
    asset_width : units of each asset, a multiple of `heads`; head_width : of the heads that decide.
    heads : attention heads of each block.
    blocks : of attention, one after another.
    clip : bound of every normalised input, in robust standard deviations.
    """

    @checked
    def __init__(
        self,
        *,
        asset_width: PositiveInt,
        heads: PositiveInt,
        blocks: PositiveInt,
        head_width: PositiveInt,
        clip: PositiveFloat,
    ) -> None:
        if asset_width % heads:
            nearest = max(heads, round(asset_width / heads) * heads)
            raise ConfigError(
                f"agent.network.heads: {heads} does not divide asset_width {asset_width} (nearest: {nearest})"
            )
        self.asset_width = asset_width
        self.heads = heads
        self.blocks = blocks
        self.head_width = head_width
        self.clip = clip

    def perception(self, layout: Layout, scaler: RobustScaler) -> "Perception":
        """Return untrained weights (a heavy import)."""
        from ploutos.agent.network.attention_perception import AttentionPerception

        return AttentionPerception(
            layout,
            scaler,
            width=self.asset_width,
            heads=self.heads,
            blocks=self.blocks,
        )
