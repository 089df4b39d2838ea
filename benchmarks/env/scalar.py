"""The scalar reference of the tests as a Gymnasium environment: same rules, actions, observations."""

import math
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import reference_books as books
from gymnasium import spaces
from omegaconf import DictConfig
from reference import trade_one_bar

from benchmarks.env.workload import FULL, MIXES, build, config, make_market
from ploutos.env.action.decode import decode
from ploutos.env.market import Market
from ploutos.env.reward.terms import RUIN
from ploutos.execution.rules import DOLLAR_VOLUME, VOLATILITY

OVERRIDES = (*FULL, MIXES["trade"][0])


class ScalarEnv(gymnasium.Env[npt.NDArray[np.float32], npt.NDArray[np.float32]]):
    """One portfolio. What the market says at a bar is made ready before: a step only trades and observes.

    Parameters
    ----------
    composed : a config with realistic costs and a cash account.
    """

    def __init__(self, market: Market, composed: DictConfig, seed: int) -> None:
        made = build(composed)
        self.market, self.portfolio = market, made
        self.layout = made.layout(market)
        self.observation_space = spaces.Box(-np.inf, np.inf, (self.layout.size,), np.float32)
        self.action_space = made.action.space(self.layout.assets)
        self.rules = rules_of(composed)
        self.quotes = quotes_of(market, made.venue(market).rules.costs.liquidity[0], costs_of(composed))
        self.scale = float(composed.env.reward.scale)
        self.rng = np.random.default_rng(seed)
        self.row = self.elapsed = 0
        self.book = books.Portfolio.with_capital(made.initial_capital)
        self.seen = np.zeros(self.layout.size, np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start at a random row, or at `options["row"]`."""
        drawn = self.rng.integers(0, len(self.market.ts) - self.portfolio.episode_bars)
        self.row = int((options or {}).get("row", drawn))
        self.elapsed = 0
        self.book = books.Portfolio.with_capital(self.portfolio.initial_capital)
        return self.observe(), {}

    def step(self, action: npt.NDArray[np.float32]) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Trade one bar."""
        weights = decode(self.portfolio.action, self.layout, self.seen[None], action[None])[0].tolist()
        wanted = {
            name: None if w != w else w for name, w in zip(self.market.roster.tickers, weights, strict=True)
        }
        tape, t = self.market.tape, self.row
        before = self.book.equity
        clock = books.Clock(t, float(tape.years[t + 1]), int(tape.session_last[t + 1]))
        trade_one_bar(self.book, wanted, self.quotes[t], self.rules, clock)
        self.row, self.elapsed = t + 1, self.elapsed + 1
        after = self.book.equity
        reward = self.scale * math.log(max(after / before, RUIN))
        return self.observe(), reward, after <= 0.0, self.elapsed >= self.portfolio.episode_bars, {}

    def observe(self) -> npt.NDArray[np.float32]:
        """Return the observation [D] in the order of `Layout`."""
        book, market, t = self.book, self.market, self.row
        close = market.close[0, t].tolist()
        weight, unrealised, holding = ([0.0] * self.layout.assets for _ in range(3))
        for n, name in enumerate(market.roster.tickers):
            if name in book.positions:
                position = book.positions[name]
                weight[n] = position.shares * close[n] / book.equity
                gain = close[n] / position.entry - 1.0
                unrealised[n] = gain if position.shares > 0 else -gain
                holding[n] = float(position.age)
        gross = sum(map(abs, weight))
        total = [book.cash / book.equity, 1.0 - book.equity / book.peak, gross]
        member = market.member[t]
        features = market.features[0, t] * member[:, None]
        self.seen = np.concatenate(
            [features.reshape(-1), member, weight, unrealised, holding, total, market.macro[t]],
            dtype=np.float32,
        )
        return self.seen


def rules_of(composed: DictConfig) -> books.Rules:
    """Return the rules of a cash account and its stops for the reference; names are those of the configs."""
    return books.Rules(**plain(composed.execution.account), **plain(composed.execution.stops))


def costs_of(composed: DictConfig) -> books.Costs:
    """Return the configured costs for the reference."""
    settings = plain(composed.execution.costs)
    del settings["window_bars"]
    return books.Costs(**settings)


def plain(node: DictConfig) -> dict[str, Any]:
    """Return the settings of a component without its class."""
    return {name: node[name] for name in node if name != "_target_"}


def quotes_of(market: Market, liquidity: Any, costs: books.Costs) -> list[dict[str, books.Quote]]:
    """Return for every row but the last what happens to each name until the next close."""
    prices = market.tape.prices[0].tolist()
    known, member = liquidity.tolist(), market.member.tolist()
    return [
        {
            name: books.Quote(
                close_t=prices[t][3][n],
                member_t=member[t][n],
                open=prices[t + 1][0][n],
                high=prices[t + 1][1][n],
                low=prices[t + 1][2][n],
                close=prices[t + 1][3][n],
                costs=costs,
                volatility_t=known[t][VOLATILITY][n],
                dollar_volume_t=known[t][DOLLAR_VOLUME][n],
            )
            for n, name in enumerate(market.roster.tickers)
        }
        for t in range(len(prices) - 1)
    ]


def scalar_env(assets: int, rows: int, seed: int) -> ScalarEnv:
    """Return an environment on a market of its own: for another process."""
    return ScalarEnv(make_market(assets, rows), config(*OVERRIDES), seed)
