"""What a backtest yields: the record of one ledger over time."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True, kw_only=True)
class Track:
    """One portfolio's record, bar by bar.

    Attributes
    ----------
    bars : one row a bar, sorted by `ts`: `ts` (Datetime[us, UTC], bar close), `fold` (Int32),
        `equity`, `cash` (currency, after the bar), `cost` (currency paid in the bar), `turnover`
        (traded notional / equity at the decision), `gross` (invested share of equity).
        The first row is the starting bar: no trade yet, equity = starting capital.
    positions : one row a bar and ticker, sorted by (ts, ticker): `ts`, `fold`, `ticker`,
        `target_weight` (decided at the *previous* bar's close for this bar's open; null = hold),
        `shares`, `weight`, `open` (null = no trade possible), `close` (last known), `payout`
        (currency per share of a name delisted at this bar, else null), `confidence`.
    """

    bars: pl.DataFrame
    positions: pl.DataFrame

    def save(self, folder: Path) -> None:
        """Write `track.parquet` and `positions.parquet` into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.bars.write_parquet(folder / "track.parquet")
        self.positions.write_parquet(folder / "positions.parquet")

    @classmethod
    def load(cls, folder: Path) -> "Track":
        """Read what `save` wrote."""
        return cls(
            bars=pl.read_parquet(folder / "track.parquet", glob=False),
            positions=pl.read_parquet(folder / "positions.parquet", glob=False),
        )
