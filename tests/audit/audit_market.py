"""The small market that audits are tested on, composed like a user's."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir

from ploutos.apps.audit import prepare
from ploutos.apps.conf_dir import conf_dir
from ploutos.audit.features import MarketData
from ploutos.audit.whole import Audited

SMALL = (
    "data.n_assets=4",
    "data.start_date=2018-01-02",
    "data.years=2.6",
    "data.bars_per_session=2",
    "data.bar_minutes=180",
    "data.delisting.per_year=0.3",
    "split.first_test=2019-06-01",
    "split.test_months=3",
    "split.n_folds=3",
    "split.validation_months=1",
    "split.min_train_bars=200",
    "env.num_envs=8",
    "env.episode_bars=64",
)
ROLLOUT = ("agent.n_steps=16", "agent.sequence_steps=16", "agent.batch_size=64", "env.num_envs=8")


def audited(folder: Path, *overrides: str) -> Audited:
    """Return what `ploutos audit` would audit with `overrides`."""
    small = SMALL if not any(word.startswith("data=") for word in overrides) else ("split.n_folds=3",)
    rollout = () if any(word.startswith("agent=") for word in overrides) else ROLLOUT
    with initialize_config_dir(str(conf_dir())):
        config = compose("audit", [*small, *rollout, f"panel.folder={folder}", *overrides])
        return prepare(config)


def data_of(it: Audited) -> MarketData:
    return MarketData(bars=it.bars, ts=it.panel.ts, tickers=it.panel.tickers)


def names(section: Any) -> set[str]:
    """Return what is flagged."""
    return {finding.name for finding in section.findings}


@cache
def cuts_of(rows: int, count: int = 8) -> Sequence[int]:
    """Return rows spread over a panel."""
    return tuple(int(rows * (k + 0.5) / count) for k in range(count))
