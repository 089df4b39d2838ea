"""A trained recurrent policy: acts on its own, saves and loads without pickles."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces

from ploutos.agent.network.asset_categorical import AssetCategorical
from ploutos.agent.network.cross_sectional_lstm import CrossSectionalLstm
from ploutos.env.action.base import ActionSpace
from ploutos.env.action.decode import decode
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler
from ploutos.types import Action, DataError


def build_policy(
    network: CrossSectionalLstm, action: ActionSpace, layout: Layout, scaler: RobustScaler
) -> Any:
    """Return the untrained network for `layout`."""
    box = spaces.Box(-np.inf, np.inf, (layout.size,), np.float32)
    kwargs = network.policy_kwargs(layout, scaler)
    return network.policy_class()(box, action.space(layout.assets), lambda _: 0.0, **kwargs)


class RecurrentPolicy:
    """Takes the most likely action; state = LSTM (hidden, cell), zero at the start."""

    def __init__(self, network: Any, action: ActionSpace, layout: Layout, scaler: RobustScaler) -> None:
        self.network = network.to("cpu")
        self.network.set_training_mode(False)
        self.action = action
        self.layout = layout
        self.scaler = scaler

    def reset(self, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the zero state for `batch` portfolios."""
        layers, _, width = self.network.lstm_hidden_state_shape
        return torch.zeros(layers, batch, width), torch.zeros(layers, batch, width)

    @torch.no_grad()
    def act(self, observation: npt.NDArray[np.float32], state: tuple[torch.Tensor, torch.Tensor]) -> Action:
        """Return the mode of the policy for `observation` [B, D].

        Confidence is the probability of the chosen option (discrete), or 1 (continuous).
        """
        batch = len(observation)
        distribution, state = self.network.get_distribution(
            torch.as_tensor(observation), state, torch.zeros(batch)
        )
        value = distribution.mode().numpy()
        targets = decode(self.action, self.layout, observation, value)
        confidence = np.ones(targets.shape)
        if isinstance(distribution, AssetCategorical):
            confidence = distribution.confidence().double().numpy()
        return Action(value, targets, confidence, state)

    def save(self, folder: Path) -> None:
        """Write `weights.pt` (tensors only) and `policy.json` (layout, scaler)."""
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(self.network.state_dict(), folder / "weights.pt")
        about = {"layout": self.layout.as_dict(), "scaler": self.scaler.as_dict()}
        (folder / "policy.json").write_text(json.dumps(about))

    @classmethod
    def restore(
        cls, network: Any, weights: Path, action: ActionSpace, layout: Layout, scaler: RobustScaler
    ) -> "RecurrentPolicy":
        """Load tensors into `network`; refuses files that hold anything but tensors."""
        try:
            network.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
        except Exception as error:
            raise DataError(f"{weights}: cannot be loaded: {str(error).splitlines()[0]}") from error
        return cls(network, action, layout, scaler)
