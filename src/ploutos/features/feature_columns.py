"""A set of declared features over bars: what all feature sets of the catalogue share."""

import itertools
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.features.engine.across import KINDS, across, add_returns
from ploutos.features.engine.column import INPUTS, Column
from ploutos.features.engine.program import compile_columns
from ploutos.features.engine.runner import BAR_INPUTS, Features, Integers, Plan, Runner
from ploutos.features.feature import Feature
from ploutos.types import ConfigError, DataError
from ploutos.types.session import SessionClock

Floats = npt.NDArray[np.float64]
BAR_COLUMNS = INPUTS[: INPUTS.index("market")]


class FeatureColumns:
    """Named features, computed for some tickers at a time and then across all of them.

    Every value depends on the last `memory_bars` + 1 rows of its ticker (cross-sectional ones: of all
    tickers) and on nothing else, to the last bit: neither what follows nor what came before.
    Windows count a ticker's own bars; gaps are skipped.

    NaN: a value is NaN where its warm-up reaches before the ticker's first bar or where what it depends on
    holds a NaN, and only there. A window without movement or without volume gives 0, never infinity.

    Raises
    ------
    ConfigError
        Two features have one name.
    """

    def __init__(self, features: Sequence[Feature], clock: SessionClock) -> None:
        self.features = tuple(features)
        twice = [name for name, count in Counter(f.name for f in self.features).items() if count > 1]
        if twice:
            raise ConfigError(f"features: '{twice[0]}' is declared twice")
        self.clock = clock

    @property
    def warmup_bars(self) -> int:
        """Rows of a ticker that precede its first row without NaN."""
        return max((feature.warmup for feature in self.features), default=0)

    @property
    def memory_bars(self) -> int:
        """Rows of a ticker before a row that may still change one of its values."""
        return max((feature.memory for feature in self.features), default=0)

    @cached_property
    def reads_market(self) -> bool:
        """Whether features read the market's return, and with it earlier returns of all tickers."""
        return any(_reads_market(f.value) for f in self.features if isinstance(f.value, Column))

    def history(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of bars that decide the values at the last bar of each ticker, and those after.

        Of a ticker alone its last `memory_bars` + 1 rows. Where tickers are compared, all rows from a time on
        such that so many of each precede the earliest last bar, and the row of each before that time, which
        the market's return reads: the windows of a ticker with gaps reach farther back than those of others.
        """
        time, ticker, rows = pl.col("ts"), pl.col("ticker"), self.memory_bars + 1
        if frame.is_empty() or not (self.reads_market or any(f.across for f in self.features)):
            return frame.group_by(ticker, maintain_order=True).tail(rows)
        anchor = frame.group_by(ticker).agg(time.last())["ts"].min()
        windows = frame.filter(time <= anchor).group_by(ticker).tail(rows)
        first = windows["ts"].min()
        return frame.filter((time >= first) | (time.shift(-1).over(ticker) >= first))

    def names(self, signals: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the feature columns, `signals` last.

        Raises
        ------
        ConfigError
            A signal carries the name of a feature.
        """
        own = tuple(feature.name for feature in self.features)
        for signal in signals:
            if signal in own:
                raise ConfigError(f"data.signals: '{signal}' is already the name of a feature")
        return (*own, *signals)

    @cached_property
    def plan(self) -> Plan:
        """The compiled formulas."""
        bars = [k for k, f in enumerate(self.features) if isinstance(f.value, Column)]
        clock = [k for k, f in enumerate(self.features) if not isinstance(f.value, Column)]
        values = [self.features[k].value for k in bars]
        program = compile_columns([value for value in values if isinstance(value, Column)])
        return Plan(program, np.array(bars, np.int64), np.array(clock, np.int64))

    def clock_values(self, ts: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the features that time alone decides, [U, K], at bars that close at `ts`."""
        expressions = [f.value.alias(f.name) for f in self.features if isinstance(f.value, pl.Expr)]
        if not expressions:
            return np.empty((len(ts), 0), np.float32)
        time = pl.col("ts")
        local = time.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(self.clock.timezone)
        wide = (
            pl.LazyFrame({"ts": ts})
            .select(local=local, session=self.clock.date_of(time))
            .select(e.cast(pl.Float32) for e in expressions)
            .collect()
        )
        return np.ascontiguousarray(wide.to_numpy())

    def add_to_market(self, frame: pl.DataFrame, when: Integers, total: Floats, count: Integers) -> None:
        """Add the log returns of bars sorted by (ticker, ts) to sums and counts by time, `when` [R]."""
        close = _numbers(frame, "close")
        for rows in _tickers(frame):
            add_returns(close[rows], when[rows], total, count)

    def write(
        self,
        frame: pl.DataFrame,
        signals: tuple[str, ...],
        *,
        clock: npt.NDArray[np.float32],
        market: Floats,
        when: Integers,
        rows: Integers,
        out: Features,
    ) -> None:
        """Write each row of `frame` into a row of `out`; what tickers are compared by, `compare` replaces.

        Each ticker's rows depend on its own bars and the market, so `frame` may hold any part of the tickers.

        Parameters
        ----------
        frame : bars sorted by (ticker, ts).
        signals : columns of `frame` that pass through unchanged, into the last columns.
        clock, market : by time, from `clock_values` and `add_to_market`.
        when, rows : [R] the time and the row of `out` of each row of `frame`.
        out : [*, len(names(signals))] float32.
        """
        _check_sorted(frame)
        columns = [_numbers(frame, name) for name in BAR_COLUMNS]
        runner = Runner(self.plan)
        for part in _tickers(frame):
            bars = np.empty((BAR_INPUTS, part.stop - part.start))
            for k, column in enumerate(columns):
                bars[k] = column[part]
            bars[-1] = market[when[part]] if self.reads_market else np.nan
            runner.ticker(bars, clock, when[part], rows[part], out)
        with np.errstate(over="ignore"):
            for k, signal in enumerate(signals, start=len(self.features)):
                out[rows, k] = _numbers(frame, signal)

    def compare(self, out: Features, order: Integers, starts: Integers) -> None:
        """Replace columns of `out` by what they are across tickers, see `engine.across`."""
        found = [(k, KINDS[f.across]) for k, f in enumerate(self.features) if f.across]
        if not found or not len(order):
            return
        columns, kinds = np.array(found, np.int64).T.copy()
        widest = int(np.diff(starts).max())
        x, y = np.empty((2, widest))
        known, room = np.empty((2, widest), np.int64)
        across(out, order, starts, columns, kinds, x, y, known, room)

    def compute(self, frame: pl.DataFrame, signals: tuple[str, ...]) -> pl.DataFrame:
        """Return `ts`, `ticker` and `names(signals)` (Float32), row by row as in `frame`.

        Parameters
        ----------
        frame : DataFrame
            Bars sorted by (ticker, ts), see `ploutos.types.Bars`.
        signals : tuple of str
            Columns of `frame` that pass through unchanged.

        Raises
        ------
        DataError
            `frame` is not sorted by (ticker, ts), unique in them.
        """
        names = self.names(signals)
        ts, when = np.unique(frame["ts"].dt.timestamp("us").to_numpy(), return_inverse=True)
        out = np.empty((len(frame), len(names)), np.float32)
        total, count = np.zeros(len(ts)), np.zeros(len(ts), np.int64)
        _check_sorted(frame)
        if self.reads_market:
            self.add_to_market(frame, when, total, count)
        self.write(
            frame,
            signals,
            clock=self.clock_values(ts),
            market=mean_or_nan(total, count),
            when=when,
            rows=np.arange(len(frame)),
            out=out,
        )
        starts = np.append(0, np.cumsum(np.bincount(when, minlength=len(ts))))
        self.compare(out, np.argsort(when, kind="stable"), starts)
        columns = {name: pl.Series(out[:, k]) for k, name in enumerate(names)}
        return frame.select("ts", "ticker").with_columns(**columns)

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the values besides the code, JSON-ready."""
        return {"names": [feature.name for feature in self.features], "clock": self.clock.as_dict()}


def mean_or_nan(total: Floats, count: Integers) -> Floats:
    """Return total / count, NaN where there is none."""
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _reads_market(column: Column) -> bool:
    waiting, seen = [column], set()
    while waiting:
        node = waiting.pop()
        if node.op < 0 and INPUTS[int(node.p)] == "market":
            return True
        if id(node) not in seen:
            seen.add(id(node))
            waiting += [source for source, _ in node.inputs]
    return False


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    column = frame[name].cast(pl.Float64)
    if column.null_count():
        column = column.fill_null(float("nan"))
    return column.to_numpy()


def _tickers(frame: pl.DataFrame) -> list[slice]:
    """Return the rows of each ticker in a frame sorted by ticker."""
    if frame.is_empty():
        return []
    names = frame["ticker"]
    starts = [*(names != names.shift(1)).fill_null(True).arg_true().to_list(), len(frame)]
    return [slice(start, stop) for start, stop in itertools.pairwise(starts)]


def _check_sorted(frame: pl.DataFrame) -> None:
    """Refuse a frame whose rows are not strictly increasing in (ticker, ts)."""
    ticker, ts = pl.col("ticker"), pl.col("ts")
    follows = (ticker > ticker.shift(1)) | ((ticker == ticker.shift(1)) & (ts > ts.shift(1)))
    wrong = frame.select("ticker", "ts", bad=~follows.fill_null(True)).filter("bad")
    if len(wrong):
        symbol, time = wrong.row(0)[:2]
        raise DataError(f"bars: {symbol} at {time} is out of order; sort by (ticker, ts), one row each")
