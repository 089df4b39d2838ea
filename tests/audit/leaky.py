"""Components that see the future, each in a way that has been seen in the wild."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from ploutos.agent.rule import Rule
from ploutos.features.scaler import RobustScaler
from ploutos.macro.source import MacroSource
from ploutos.types import Action


class OneColumn:
    """A feature set of one column, an expression over a ticker's bars, beside the signals."""

    warmup_bars = 10

    def __init__(self, name: str, value: pl.Expr, *, over: bool = True) -> None:
        self.name, self.value, self.over = name, value, over

    def names(self, signals):
        return ("honest", self.name, *signals)

    def compute(self, frame, signals):
        honest = (pl.col("close") / pl.col("close").shift(3)).log().over("ticker").alias("honest")
        value = self.value.over("ticker") if self.over else self.value
        return frame.select("ts", "ticker", honest, value.alias(self.name), *signals)

    def fingerprint(self):
        return {"name": self.name}


CLOSE = pl.col("close")
RETURN = (CLOSE / CLOSE.shift(1)).log()
FEATURES = {
    "next_return": OneColumn("next_return", RETURN.shift(-1)),
    "centred": OneColumn("centred", CLOSE / CLOSE.rolling_mean(7, center=True) - 1),
    "of_maximum": OneColumn("of_maximum", CLOSE / CLOSE.max()),
    "z_score": OneColumn("z_score", (RETURN - RETURN.mean()) / RETURN.std()),
    "filled": OneColumn(
        "filled", pl.when(pl.col("volume") > 2e5).then(RETURN).fill_null(strategy="backward")
    ),
    "market_mean": OneColumn("market_mean", RETURN - RETURN.mean(), over=False),
}


class QuarterWinners:
    """Holds, from the first day of each quarter, the names that will do best in it."""

    def __init__(self, top: int) -> None:
        self.top = top

    def membership_and_report(self, bars, ts, tickers):
        close = np.full((len(ts), len(tickers)), np.nan)
        for n, ticker in enumerate(tickers):
            own = bars.frame.filter(pl.col("ticker") == ticker)
            close[np.searchsorted(ts, own["ts"].dt.timestamp("us").to_numpy()), n] = own["close"]
        days = (ts // 86_400_000_000).astype("datetime64[D]")
        quarter = days.astype("datetime64[M]").astype(int) // 3
        member = np.zeros(close.shape, bool)
        for q in np.unique(quarter):
            rows = np.flatnonzero(quarter == q)
            gain = np.nan_to_num(close[rows[-1]] / close[rows[0]], nan=-1.0)
            member[np.ix_(rows, np.argsort(-gain)[: self.top])] = True
        return member, {}

    def fingerprint(self):
        return {}


class BackFilled:
    """Wraps a source and fills what is not known yet with the first value."""

    def __init__(self, base: Any) -> None:
        self.base = base

    def columns(self, ts):
        names, values = self.base.columns(ts)
        values = values.copy()
        for k, name in enumerate(names):
            known = values[:, list(names).index(f"{name.partition('_')[0]}_known")] > 0
            if known.any():
                values[~known, k] = values[known.argmax(), k]
        return names, values

    def fingerprint(self):
        return {}


class Early(MacroSource):
    """Wraps a source and publishes everything a day earlier."""

    def __init__(self, base: MacroSource) -> None:
        super().__init__(base._derived)
        self.base = base

    def load(self):
        return self.base.load().with_columns(pl.col("available_at").dt.offset_by("-1d"))

    def fingerprint(self):
        return {}


class SameDay(MacroSource):
    """A source of its own whose close of day D is known when day D begins."""

    def __init__(self, base: MacroSource, dates: np.ndarray) -> None:
        super().__init__(base._derived)
        self.dates = dates

    def load(self):
        days = pl.Series(self.dates).cast(pl.Date).cast(pl.Datetime("us", "UTC"))
        level = 20 + np.random.default_rng(0).normal(size=len(days)).cumsum() * 0.1
        return pl.DataFrame({"available_at": days, "vix": np.abs(level) + 1})

    def fingerprint(self):
        return {}


class Whole:
    """A regime whose probabilities are smoothed with what comes later (hmmlearn's predict_proba)."""

    def __init__(self, *, everything: bool, smoothed: bool) -> None:
        self.everything, self.smoothed = everything, smoothed

    def fit(self, panel, rows):
        from hmmlearn.hmm import GaussianHMM

        x = moves(panel)
        model = GaussianHMM(2, n_iter=5, random_state=0, init_params="smc").fit(
            x if self.everything else x[rows]
        )
        return _Fitted(model, self.smoothed)

    def check(self, panel):
        pass


class Kept(Whole):
    """Keeps the probabilities of the panel on which it was made."""

    def fit(self, panel, rows):
        fitted = super().fit(panel, rows)
        names, values = fitted.columns(panel)
        fitted.columns = lambda other: (names, np.roll(values, -1, axis=0)[: len(other.ts)])
        return fitted


class _Fitted:
    def __init__(self, model: Any, smoothed: bool) -> None:
        self.model, self.smoothed = model, smoothed

    def columns(self, panel):
        x = moves(panel)
        names = ("regime_calm", "regime_wild")
        if self.smoothed:
            return names, self.model.predict_proba(x).astype(np.float32)
        start, move = self.model.startprob_, self.model.transmat_
        likely = np.exp(self.model._compute_log_likelihood(x))
        out, belief = np.empty((len(x), 2), np.float32), start
        for t, each in enumerate(likely):
            belief = (belief if t == 0 else belief @ move) * each
            belief = belief / belief.sum()
            out[t] = belief
        return names, out

    def as_dict(self):
        return {"means": self.model.means_.tolist(), "moves": self.model.transmat_.tolist()}


def moves(panel) -> np.ndarray:
    with np.errstate(all="ignore"):
        step = np.log(panel.close[1:] / panel.close[:-1])
    step = np.where(np.isfinite(step), step, 0.0).mean(axis=1)
    return np.append(0.0, step)[:, None] * 100


class Peek(Rule):
    """Keeps the market that it is fitted on, or checked with, and reads tomorrow's signal in it."""

    def __init__(self, *, checked: bool = False) -> None:
        self.checked = checked

    def check(self, environment, market):
        self.market = market

    def targets(self, layout, observation, decision):
        raise NotImplementedError

    def fit(self, environment, market, train, **others):
        return _PeekPolicy(self.market if self.checked else market, environment.layout(market))


class _PeekPolicy:
    def __init__(self, market: Any, layout: Any) -> None:
        self.market, self.layout = market, layout

    def reset(self, batch):
        return None

    def act(self, observation, state):
        shown = self.layout.features(observation)[0]
        features = self.market.features[0]
        row = int((features == shown).all(axis=2).sum(axis=1).argmax())
        best = np.nan_to_num(features[min(row + 1, len(features) - 1), :, -1]).argmax()
        weights = np.zeros((len(observation), self.layout.assets))
        weights[:, best] = 1.0
        return Action(weights, weights, np.ones(weights.shape), state)

    def save(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "policy.json").write_text("{}")


class InCompany(Rule):
    """Ranks portfolios against each other: alone, each would do something else."""

    def targets(self, layout, observation, decision):
        own = np.nan_to_num(layout.features(observation)[:, :, 0]).astype(float)
        weights = np.exp(own - own.mean(axis=0))
        return weights / weights.sum(axis=1, keepdims=True)


class Dice(Rule):
    """Never does the same twice."""

    rng = np.random.default_rng(0)

    def targets(self, layout, observation, decision):
        weights = self.rng.random((len(observation), layout.assets))
        return weights / weights.sum(axis=1, keepdims=True)


class ScaledOnAll(Rule):
    """A rule with a scaler, which is fitted on all rows where it should be on the training window."""

    def __init__(self, everything: bool) -> None:
        self.everything = everything

    def targets(self, layout, observation, decision):
        member = layout.asset_column(observation, "member") > 0
        return member / np.maximum(member.sum(axis=1), 1)[:, None]

    def fit(self, environment, market, train, **others):
        rows = slice(0, len(market.ts)) if self.everything else train
        member = market.member & np.isfinite(market.features[0]).all(axis=2)
        scaler = RobustScaler.fit(market.features[0], member, rows, clip=5.0, max_cells=10**8)
        policy = super().fit(environment, market, train, **others)
        return _Scaled(policy, scaler)


class _Scaled:
    def __init__(self, policy: Any, scaler: RobustScaler) -> None:
        self.policy, self.scaler = policy, scaler
        self.reset, self.act = policy.reset, policy.act

    def save(self, folder):
        import json

        folder.mkdir(parents=True, exist_ok=True)
        (folder / "policy.json").write_text(json.dumps({"scaler": self.scaler.as_dict()}))


def overlapping(folds: tuple, *, by_days: int):
    """Return folds whose training windows reach into their test windows."""
    from datetime import timedelta

    from ploutos.types import Window

    return tuple(
        replace(fold, train=Window(fold.train.start, fold.test.start + timedelta(days=by_days)))
        for fold in folds
    )
