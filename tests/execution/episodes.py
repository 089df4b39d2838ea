"""Random markets full of what can happen, random targets and random rules."""

from dataclasses import dataclass, replace

import numpy as np

from hand_market import HOUR, START, make_market


@dataclass(frozen=True, kw_only=True)
class Episode:
    """A market, the events that it was made of, and what B portfolios want of it over K bars."""

    market: object
    splits: dict  # (row, column): value
    dividends: dict
    delistings: dict
    bars_per_session: int
    targets: np.ndarray  # [K, B, N]
    scenario: np.ndarray  # [B]
    start: np.ndarray  # [B]

    def alone(self, b):
        """Return the same episode with portfolio `b` only."""
        one = slice(b, b + 1)
        return replace(self, targets=self.targets[:, one], scenario=self.scenario[one], start=self.start[one])

    def with_market(self, prices, member, **events):
        """Return the same episode on other prices [5, P, T, N], members and events."""
        market = market_of(prices, member, self.market.ts, self.bars_per_session, **events)
        return replace(self, market=market, **events)

    @property
    def prices(self):
        """Return prices [5, P, T, N]."""
        return np.moveaxis(self.market.tape.prices, 2, 0)

    def reordered(self, columns):
        """Return the same episode with its names in another order."""
        place = {n: k for k, n in enumerate(columns)}
        moved = {
            kind: {(t, place[n]): x for (t, n), x in getattr(self, kind).items()}
            for kind in ("splits", "dividends", "delistings")
        }
        other = self.with_market(self.prices[..., columns], self.market.member[:, columns], **moved)
        return replace(other, targets=self.targets[..., columns])

    def with_prices(self, price):
        """Return the same episode with every price equal to `price` and without splits or dividends."""
        prices = self.prices.copy()
        prices[:4] = np.where(np.isnan(prices[:4]), np.nan, price)
        gone = dict.fromkeys(self.delistings, 0.0)
        return self.with_market(prices, self.market.member, splits={}, dividends={}, delistings=gone)

    def without_events(self):
        """Return the same episode without splits, dividends and delistings, and with members throughout."""
        member = np.isfinite(self.market.close[0])
        return self.with_market(self.prices, member, splits={}, dividends={}, delistings={})


def market_of(prices, member, ts, bars_per_session, *, splits, dividends, delistings):
    """Return the market of `prices` [5, P, T, N] and events by (row, column)."""
    opens, highs, lows, closes, volumes = prices
    gone = np.full(member.shape[1], -1)
    returns = np.zeros(member.shape[1])
    for (t, n), value in delistings.items():
        gone[n], returns[n] = t, value
    return make_market(
        opens,
        closes,
        highs=highs,
        lows=lows,
        volumes=volumes,
        member=member,
        delist_bar=gone,
        delist_return=returns,
        splits=[(t, n, x) for (t, n), x in splits.items()],
        dividends=[(t, n, x) for (t, n), x in dividends.items()],
        ts=ts,
        bars_per_session=bars_per_session,
    )


def random_episode(seed, *, paths, batch, rows, assets, messy):
    """Return an episode; `messy` in 0 ... 1 is how much goes wrong in it."""
    rng = np.random.default_rng(seed)
    delistings = random_delistings(rng, rows, assets, messy)
    splits = random_events(rng, rows, assets, 0.12 * messy, [2.0, 1 / 3, 1.5, 10.0])
    dividends = random_events(rng, rows, assets, 0.12 * messy, [0.1, 0.5, 3.0])
    traded, known = random_presence(rng, rows, assets, delistings, messy)
    prices = random_prices(rng, paths, traded, known, splits)
    member = (rng.random((rows, assets)) >= 0.15 * messy) & known
    for t, n in delistings:
        member[t:, n] = False
    bars_per_session = int(rng.integers(1, 8))
    gaps = np.where(np.arange(rows) % bars_per_session, HOUR, HOUR * rng.choice([18, 66], rows))
    ts = START + np.cumsum(gaps)
    events = {"splits": splits, "dividends": dividends, "delistings": delistings}
    steps = int(rng.integers(1, rows))
    return Episode(
        market=market_of(prices, member, ts, bars_per_session, **events),
        bars_per_session=bars_per_session,
        targets=random_targets(rng, (steps, batch, assets)),
        scenario=rng.integers(0, paths, batch),
        start=rng.integers(0, rows - steps, batch),
        **events,
    )


def random_delistings(rng, rows, assets, messy):
    found = {}
    for n in range(assets):
        if rng.random() < 0.3 * messy:
            found[int(rng.integers(1, rows)), n] = float(rng.choice([-1.0, -0.4, 0.0, 0.3]))
    return found


def random_events(rng, rows, assets, chance, values):
    happens = rng.random((rows, assets)) < chance
    return {(int(t), int(n)): float(rng.choice(values)) for t, n in np.argwhere(happens) if t > 0}


def random_presence(rng, rows, assets, delistings, messy):
    """Return whether a name has a bar, and whether it has begun [T, N]."""
    traded = rng.random((rows, assets)) >= 0.15 * messy
    begin = np.where(rng.random(assets) < 0.2 * messy, rng.integers(0, rows, assets), 0)
    for t, n in delistings:
        begin[n] = min(begin[n], t - 1)
        traded[t:, n] = False
    known = np.arange(rows)[:, None] >= begin
    traded[begin, np.arange(assets)] = True
    return traded & known, known


def random_prices(rng, paths, traded, known, splits):
    """Return [5, P, T, N]; closes carry over bars without trades, as in a panel."""
    rows, assets = traded.shape
    scale = rng.choice([0.01, 0.04, 0.15])
    shape = (paths, rows, assets)
    jump = np.where(rng.random(shape) < 0.1, rng.choice([-0.6, -0.2, 0.25, 0.9], shape), 0.0)
    steps = rng.normal(0, scale, shape) + jump
    path = 20.0 * np.exp(np.cumsum(steps, axis=1))
    for (t, n), ratio in splits.items():
        path[:, t:, n] /= ratio
    before = np.concatenate([path[:, :1], path[:, :-1]], axis=1)
    for (t, n), ratio in splits.items():
        before[:, t, n] /= ratio
    share = np.where(rng.random(shape) < 0.3, 1.0, rng.random(shape))  # of the bar's move that is in its open
    opens = before * (path / before) ** share * np.exp(rng.normal(0, scale / 3, shape))
    highs = np.maximum(opens, path) * np.exp(np.abs(rng.normal(0, scale, shape)))
    lows = np.minimum(opens, path) * np.exp(-np.abs(rng.normal(0, scale, shape)))
    volumes = 10.0 ** rng.uniform(1, 6) * rng.lognormal(0, 1, shape) * (rng.random(shape) >= 0.1)
    prices = np.stack([opens, highs, lows, path, volumes])
    prices[:4, :, ~traded] = np.nan
    prices[4, :, ~traded] = 0.0
    closes = prices[3]
    for t in range(1, rows):
        gap = ~traded[t] & known[t]
        closes[:, t, gap] = closes[:, t - 1, gap]
    return prices


def random_targets(rng, shape):
    """Return targets [K, B, N]: some hold, some are zero, some are far beyond any cap."""
    size = rng.choice([0.3, 1.0, 3.0])
    targets = rng.normal(0.2, 1.0, shape) * size / np.sqrt(shape[-1])
    if rng.random() < 0.4:
        targets = rng.dirichlet(np.ones(shape[-1] + 1), shape[:2])[..., :-1] * size
    targets[rng.random(shape) < rng.choice([0.0, 0.3, 0.8])] = np.nan
    targets[rng.random(shape) < 0.1] = 0.0
    return targets
