"""Bars from one Parquet file."""

from typing import Any, Literal

import polars as pl

from ploutos.data import checks
from ploutos.data.files import read_columns, sha256
from ploutos.data.session import SessionFilter, parse_time
from ploutos.data.timezone import check_timezone
from ploutos.types import Bars, ConfigError, DataError, PositiveInt, checked, one_of
from ploutos.types.bars import BAR_COLUMNS, PRICE_COLUMNS


class Parquet:
    """A long Parquet file with the columns `ts`, `ticker`, `open`, `high`, `low`, `close`, `volume`.

    The order of columns does not matter and others are ignored. Prices are taken as adjusted for splits
    and dividends. Rows outside the session are dropped and counted in `Bars.quality`.

    Parameters
    ----------
    path : the file.
    timestamp_label : whether `ts` is the bar's open or its close time.
    bar_minutes : length of a bar in minutes.
    input_timezone : zone of times that carry none; times that carry a zone keep it.
    session_timezone : zone of the session's wall times.
    session_first_start, session_last_start : start of the session's first and last bar, local "HH:MM";
        both null keeps every bar.
    tickers : the tickers to keep; null keeps all. Only these are validated.
    """

    @checked
    def __init__(
        self,
        *,
        path: str,
        timestamp_label: Literal["open", "close"],
        bar_minutes: PositiveInt,
        input_timezone: str,
        session_timezone: str,
        session_first_start: str | None,
        session_last_start: str | None,
        tickers: list[str] | None,
    ) -> None:
        self.path = path
        self.timestamp_label = timestamp_label
        self.bar_minutes = int(bar_minutes)
        self.input_timezone = check_timezone("input_timezone", input_timezone)
        self.session_timezone = check_timezone("session_timezone", session_timezone)
        self.session_first_start = session_first_start
        self.session_last_start = session_last_start
        self.tickers = None if tickers is None else sorted(set(tickers))
        self._session = self._session_filter()
        if self.tickers == []:
            raise ConfigError("tickers: the list is empty; name at least one ticker, or null for all")

    def load(self) -> Bars:
        """Read, validate and filter the file; raise `DataError` where it cannot be used."""
        raw = read_columns(self.path, BAR_COLUMNS)
        checks.check_dtypes(raw, file=self.path)
        frame = self._selected(self._typed(raw))
        checks.check_keys(frame, file=self.path)
        checks.check_order(frame, file=self.path)
        checks.check_spacing(frame, self.bar_minutes, file=self.path)
        checks.check_values(frame, file=self.path)
        checks.check_ranges(frame, file=self.path)
        frame = frame.with_columns(pl.col("ts") + self._to_close())
        counts = {"rows_mixed_bar": 0, "rows_outside_session": 0}
        kept = frame
        if self._session is not None:
            kept, counts = self._session.split(frame)
        if kept.is_empty():
            raise DataError(
                f"{self.path}: none of {frame.height} rows starts within the session"
                f" {self.session_first_start} to {self.session_last_start} {self.session_timezone}"
            )
        quality = {"rows_read": raw.height, "rows_other_tickers": raw.height - frame.height, **counts}
        return Bars(frame=kept.sort("ticker", "ts"), quality=quality | _summary(kept))

    def fingerprint(self) -> dict[str, Any]:
        """Return the file's SHA-256 and the settings; name and folder of the file do not matter."""
        settings = {key: value for key, value in vars(self).items() if key != "path" and key[0] != "_"}
        return {"source": "parquet", "sha256": sha256(self.path), **settings}

    def _session_filter(self) -> SessionFilter | None:
        first, last = self.session_first_start, self.session_last_start
        if first is None and last is None:
            return None
        if first is None or last is None:
            raise ConfigError(
                f"session_first_start is {first} and session_last_start is {last}: set both or neither"
            )
        start, end = parse_time("session_first_start", first), parse_time("session_last_start", last)
        if start > end:
            raise ConfigError(f"session_first_start '{first}' is after session_last_start '{last}'")
        return SessionFilter(self.session_timezone, start, end, self.bar_minutes)

    def _typed(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Return the contract's types; `ts` in UTC, null where a wall time does not exist or is ambiguous."""
        ts = pl.col("ts")
        dtype = raw.schema["ts"]
        if isinstance(dtype, pl.Datetime) and dtype.time_zone is None:
            ts = ts.dt.replace_time_zone(self.input_timezone, ambiguous="null", non_existent="null")
        return raw.with_columns(
            ts.dt.convert_time_zone("UTC").dt.cast_time_unit("us"),
            pl.col("ticker").cast(pl.String),
            pl.col(*PRICE_COLUMNS, "volume").cast(pl.Float64),
        )

    def _selected(self, frame: pl.DataFrame) -> pl.DataFrame:
        if self.tickers is None:
            return frame
        present = set(frame["ticker"].drop_nulls().to_list())
        for ticker in self.tickers:
            if ticker not in present:
                raise one_of(f"tickers in {self.path}", ticker, present)
        return frame.filter(pl.col("ticker").is_in(self.tickers))

    def _to_close(self) -> pl.Expr:
        return pl.duration(minutes=self.bar_minutes if self.timestamp_label == "open" else 0)


def _summary(kept: pl.DataFrame) -> dict[str, Any]:
    first, last = kept.select(first=pl.col("ts").min(), last=pl.col("ts").max()).row(0)
    return {
        "rows_kept": kept.height,
        "tickers": kept["ticker"].n_unique(),
        "first": first.isoformat(),
        "last": last.isoformat(),
    }
