"""A trained network as a policy: acts on its own, saves and loads without pickles."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ploutos.agent.network.actor import Actor
from ploutos.agent.network.base import Network, split_observation
from ploutos.agent.training.divergence import weights_not_finite
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler
from ploutos.types import Action, DataError, PloutosError


class NetworkPolicy:
    """Takes the most likely action; the state is the network's memory [B, S], zero at the start.

    Parameters
    ----------
    actor : copied, so that training may go on.
    network : whose settings are saved with the weights.
    layout, scaler : that `actor` was made for.
    """

    def __init__(self, actor: Actor, network: Network, layout: Layout, scaler: RobustScaler) -> None:
        self.network = deepcopy(actor).to("cpu").eval().requires_grad_(False)
        self.layout = layout
        self.scaler = scaler
        self.about = {"decision": actor.describe(), "network": settings(network)}

    def reset(self, batch: int) -> torch.Tensor:
        """Return the empty memory of `batch` portfolios."""
        return self.network.perception.initial_state(batch)

    @torch.no_grad()
    def act(self, observation: npt.NDArray[np.float32], state: torch.Tensor) -> Action:
        """Return the mode of the policy for `observation` [B, D]."""
        bar = torch.as_tensor(observation).unsqueeze(0)
        features, member, macro, portfolio = split_observation(self.layout, bar)
        starts = torch.zeros(bar.shape[:2])
        seen, state = self.network.perception(features, member, macro, starts, state)
        decided, sure = self.network.decide(seen[0], portfolio[0])
        value = decided.numpy()
        targets = self.network.target_weights(self.layout, observation, value)
        return Action(value, targets, sure.double().numpy(), state)

    def save(self, folder: Path) -> None:
        """Write `weights.pt` (tensors only) and `policy.json` (layout, scaler, decision, network).

        Raises
        ------
        PloutosError
            A weight is not finite; nothing is written.
        """
        diverged = weights_not_finite(self.network.state_dict().items())
        if diverged is not None:
            raise PloutosError(f"{folder}: a policy of numbers that are none is not saved: {diverged}")
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(self.network.state_dict(), folder / "weights.pt")
        about = {"layout": self.layout.as_dict(), "scaler": self.scaler.as_dict()} | self.about
        (folder / "policy.json").write_text(json.dumps(about))

    @classmethod
    def load(
        cls, folder: Path, network: Network, layout: Layout, build: Callable[[RobustScaler], Actor]
    ) -> "NetworkPolicy":
        """Return the policy saved in `folder`.

        Parameters
        ----------
        network : the variant that the config names.
        layout : of the panel that the policy shall act on; more or fewer assets are welcome.
        build : saved scaler -> untrained actor.

        Raises
        ------
        ConfigError
            The panel's columns are others or in another order.
        DataError
            A file is missing or damaged, or was saved by a network or action space with other settings.
        """
        try:
            saved = json.loads((folder / "policy.json").read_text())
            scaler, trained = RobustScaler.from_dict(saved["scaler"]), dict(saved["layout"])
            about = {part: dict(saved[part]) for part in ("decision", "network")}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{folder}: not a saved policy: {error}") from error
        layout.require_same_columns(trained)
        policy = cls(build(scaler), network, layout, scaler)
        for part, wanted in policy.about.items():
            _require_same(folder, part, about[part], json.loads(json.dumps(wanted)))
        if trained.get("assets") != layout.assets and not policy.network.perception.any_assets:
            raise DataError(
                f"{folder}: trained on {trained.get('assets')} slots, the panel has {layout.assets};"
                f" {policy.about['network']['variant']} fits one number only"
            )
        _load_weights(policy.network, folder / "weights.pt")
        return policy


def settings(network: Network) -> dict[str, Any]:
    """Return name and settings of a variant of `agent/network`."""
    return {"variant": type(network).__name__} | vars(network)


def _require_same(folder: Path, part: str, saved: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name in sorted(saved.keys() | wanted.keys()):
        if saved.get(name) != wanted.get(name):
            raise DataError(
                f"{folder}: trained with {part}.{name} = {saved.get(name)}, here it is {wanted.get(name)}"
            )


def _load_weights(network: Actor, file: Path) -> None:
    """Load tensors; refuse files that hold anything else, tensors of other names or shapes, and weights that
    are not finite: their policy would act, and every action would be noise.
    """
    try:
        weights = {
            str(name): part for name, part in torch.load(file, weights_only=True, map_location="cpu").items()
        }
        _require_same_shapes(file, weights, network.state_dict())
        diverged = weights_not_finite(weights.items())
        if diverged is not None:
            raise DataError(f"{file}: {diverged}; the training diverged, train again")
        network.load_state_dict(weights)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{file}: cannot be loaded: {' '.join(str(error).split())[:200]}") from error


def _require_same_shapes(file: Path, saved: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name in sorted(saved.keys() | wanted.keys()):
        there, here = (_shape(weights.get(name)) for weights in (saved, wanted))
        if there != here:
            raise DataError(
                f"{file}: {name} is {there} in the file, {here} in the network; saved by another version of"
                f" Ploutos?"
            )


def _shape(tensor: Any) -> str:
    return "x".join(map(str, tensor.shape)) or "one number" if isinstance(tensor, torch.Tensor) else "missing"
