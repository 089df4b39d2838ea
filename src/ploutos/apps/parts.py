"""From a composed config to the objects it names, checked against each other."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from ploutos.apps.safety.components import build as build
from ploutos.types import ConfigError, DataError, Fold

if TYPE_CHECKING:
    from ploutos.agent.base import Agent
    from ploutos.backtest.out_of_sample import OutOfSample
    from ploutos.env.market import Market
    from ploutos.env.portfolio import Portfolio
    from ploutos.panel.panel import Panel


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The components of one run."""

    source: Any
    macro: Any
    universe: Any
    features: Any
    panels: Any
    split: Any
    regime: Any
    environment: "Portfolio"
    agent: "Agent"
    baselines: "dict[str, Agent]"
    ensemble: Any
    backtest: "OutOfSample"
    hardware: Any


def build_parts(config: DictConfig) -> Parts:
    """Instantiate every component that training and backtesting need."""
    return Parts(
        source=build(config.data),
        macro=build(config.macro),
        universe=build(config.universe),
        features=build(config.features),
        panels=build(config.panel),
        split=build(config.split),
        regime=build(config.regime),
        environment=build(config.env),
        agent=build(config.agent),
        baselines={str(name): build(node) for name, node in config.baselines.items()},
        ensemble=build(config.ensemble),
        backtest=build(config.backtest),
        hardware=build(config.hardware),
    )


def open_panel(parts: Parts) -> "Panel":
    """Map the panel of this config, building it where it is missing."""
    panel: Panel = parts.panels.open_or_build(parts.source, parts.macro, parts.universe, parts.features)
    return panel


def stored_panel(parts: Parts, address: str) -> "Panel":
    """Map the panel `address`; where it has gone or is damaged, build it again.

    Raises
    ------
    DataError
        It cannot be built again: data, settings or code give another one now.
    """
    try:
        stored: Panel = parts.panels.open(address)
        return stored
    except DataError:
        panel = open_panel(parts)
    if panel.hash != address:
        raise DataError(
            f"panel.folder: the panel {address[:16]} is gone and cannot be built again: data, settings or"
            f" code have changed since (they give {panel.hash[:16]})"
        )
    return panel


def check_parts(parts: Parts, market: "Market", panel: "Panel", wanted: list[int]) -> tuple[Fold, ...]:
    """Refuse contradictions between components before anything runs; return the wanted folds, in order."""
    parts.regime.check(panel)
    parts.agent.check(parts.environment, market)
    for baseline in parts.baselines.values():
        baseline.check(parts.environment, market)
    parts.ensemble.func.check(parts.environment.action, casts_votes=parts.agent.casts_votes)
    chosen = choose_folds(parts.split, parts.features, panel, wanted)
    for fold in chosen:
        parts.environment.require_room(fold.train.rows(panel.ts))
        if hasattr(parts.regime, "require_room"):  # a user's own need not have it
            parts.regime.require_room(panel, fold.train.rows(panel.ts))
        require_validation(parts.agent, fold, panel)
    from ploutos.backtest.out_of_sample import contiguous_windows

    contiguous_windows(chosen, market)
    return chosen


def require_validation(agent: "Agent", fold: Fold, panel: "Panel") -> None:
    """Refuse a fold without the validation window that the agent stops by."""
    rows = fold.validation.rows(panel.ts)
    if agent.needs_validation and rows.start >= rows.stop:
        raise ConfigError(
            f"agent.stopping: fold {fold.index} has no bar in its validation window;"
            " set split.validation_months to 1 or more, or agent/stopping=none"
        )


def choose_folds(split: Any, features: Any, panel: "Panel", wanted: list[int]) -> tuple[Fold, ...]:
    """Return the folds of the numbers `wanted`, in order; refuses a number that the split does not have."""
    folds = split.folds(panel.ts, warmup_bars=features.warmup_bars)
    for index in wanted:
        if not 0 <= index < len(folds):
            raise ConfigError(f"fold: {index} is outside the split's folds 0..{len(folds) - 1}")
    return tuple(folds[index] for index in sorted(set(wanted)))


def resolved(config: DictConfig) -> dict[str, Any]:
    """Return the config as plain containers, without Hydra's own part; missing values are refused."""
    own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    plain = OmegaConf.to_container(own, resolve=True, throw_on_missing=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}
