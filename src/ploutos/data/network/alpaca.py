"""Alpaca's market data: bars of US stocks as traded, with splits and dividends, through `alpaca-py`."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl

from ploutos.data.network import rows
from ploutos.data.network.actions import Action
from ploutos.data.network.addresses import check_address, require_own_host
from ploutos.data.network.clock import DAY
from ploutos.data.network.extras import needed
from ploutos.data.network.provider import SERVED, About
from ploutos.data.network.retries import Transient, raise_if_passing
from ploutos.data.network.settings import Interval
from ploutos.data.network.spans import Span
from ploutos.types import ConfigError, DataError
from ploutos.types.bars import PRICE_COLUMNS

KEY_ID, SECRET = "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"
HOSTS = ("data.alpaca.markets", "data.sandbox.alpaca.markets")
FIRST = datetime(2016, 1, 1, tzinfo=UTC)
ZONE = "America/New_York"
HOUR = DAY // 24
SETTLE = HOUR // 3  # the consolidated tape is free once it is 15 minutes old
SHORT = dict(zip((*PRICE_COLUMNS, "volume"), "ohlcv", strict=True))

Tape = Literal["sip", "iex"]


class AlpacaBars:
    """The provider behind `data=alpaca`.

    The keys are read from the environment when the first request is made; they are in no message.

    Parameters
    ----------
    interval : "1d" or "1h".
    feed : "sip" (all exchanges) or "iex" (one exchange).
    base_url : where the service is; None is Alpaca.
    timeout_seconds : longest wait for an answer.
    """

    name = "Alpaca"
    columns: tuple[str, ...] = (*PRICE_COLUMNS, "volume")
    prices: tuple[str, ...] = PRICE_COLUMNS
    late = 7 * DAY

    def __init__(
        self, *, interval: Interval, feed: Tape, base_url: str | None, timeout_seconds: float
    ) -> None:
        self.interval = interval
        self.feed = feed
        self.base_url = check_address(base_url)
        self.timeout_seconds = timeout_seconds

    def earliest(self, now: int) -> int | None:
        """Return 2016-01-01."""
        return int(FIRST.timestamp() * 1e6)

    def limit(self, now: int) -> int:
        """Return the time before which bars are final; of days, yesterday in New York is the last one."""
        if self.interval == "1d":
            today = datetime.fromtimestamp(now / 1e6, ZoneInfo(ZONE)).date()
            return int(datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp() * 1e6)
        return now - HOUR - SETTLE

    def about(self, ticker: str, span: Span) -> About:
        """Return splits, stock dividends and cash dividends; a subscription without them gives none."""
        answers: dict[str, Any] = {"timezone": ZONE, "currency": "USD"}
        make = needed("alpaca.data.requests", extra="alpaca", what="data=alpaca").CorporateActionsRequest
        kinds = ["forward_split", "reverse_split", "stock_dividend", "cash_dividend"]
        request = make(symbols=[ticker], types=kinds, start=_day(span[0]), end=_day(span[1]), limit=None)
        try:
            found = self._ask(ticker, lambda: self._actions_client.get_corporate_actions(request))
        except Forbidden as refused:
            return About(actions=None, answers=answers | {"corporate_actions": f"refused: {refused}"})
        return About(actions=_actions(found, ticker), answers=answers | {"corporate_actions": SERVED})

    def page(self, ticker: str, span: Span, about: About) -> pl.DataFrame:
        """Return the bars of `span`; the client follows `next_page_token` itself."""
        requests = needed("alpaca.data.requests", extra="alpaca", what="data=alpaca")
        frames = needed("alpaca.data.timeframe", extra="alpaca", what="data=alpaca")
        day = self.interval == "1d"
        unit = frames.TimeFrameUnit.Day if day else frames.TimeFrameUnit.Hour
        margin = DAY if day else 0  # a day is stamped at its midnight in New York
        request = requests.StockBarsRequest(
            symbol_or_symbols=ticker,
            timeframe=frames.TimeFrame(1, unit),
            start=datetime.fromtimestamp((span[0] - margin) / 1e6, UTC),
            end=datetime.fromtimestamp((span[1] + margin) / 1e6, UTC),
            adjustment="raw",
            feed=self.feed,
        )
        served = self._ask(ticker, lambda: self._bars_client.get_stock_bars(request))
        others = sorted(served.keys() - {ticker})
        if others:
            raise DataError(f"Alpaca: asked for {ticker}, the answer is about {others[0]}")
        return _bars(served.get(ticker) or [], self.columns, day=day)

    @cached_property
    def _bars_client(self) -> Any:
        module = needed("alpaca.data.historical.stock", extra="alpaca", what="data=alpaca")
        return _client(module.StockHistoricalDataClient, self.base_url, self.timeout_seconds)

    @cached_property
    def _actions_client(self) -> Any:
        module = needed("alpaca.data.historical.corporate_actions", extra="alpaca", what="data=alpaca")
        return _client(module.CorporateActionsClient, self.base_url, self.timeout_seconds)

    def _ask(self, ticker: str, ask: Callable[[], Any]) -> dict[str, Any]:
        """Turn the ways in which the client fails into ours."""
        from requests.exceptions import ConnectionError, RequestException, Timeout

        try:
            return dict(ask())
        except Timeout as error:
            raise Transient(f"no answer within {self.timeout_seconds:g} s") from error
        except (KeyError, AttributeError, TypeError, ValueError) as error:  # also JSON that ends too early
            raise Transient("the answer is not understood or is cut off") from error
        except ConnectionError as error:
            raise Transient("no connection") from error
        except RequestException as error:
            raise Transient(f"the answer is cut off ({type(error).__name__})") from error
        except Complaint as complaint:
            raise _told(ticker, complaint) from None


class Forbidden(DataError):
    """The keys are good, the subscription does not include what was asked for."""


class Complaint(Exception):
    """An HTTP status that will not pass, with the service's reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def _client(base: Any, base_url: str | None, timeout_seconds: float) -> Any:
    """Make a client of `base` that waits no longer than the timeout and leaves asking again to us.

    As it comes, the client has no timeout, asks again three times whatever `Retry-After` says, and at the end
    tells neither.
    """
    errors = needed("alpaca.common.exceptions", extra="alpaca", what="data=alpaca")

    class Client(base):  # type: ignore[misc]
        def _one_request(self, method: str, url: str, opts: dict[str, Any], retry: int) -> Any:
            try:
                return super()._one_request(method, url, {**opts, "timeout": timeout_seconds}, 0)
            except errors.APIError as error:
                status, headers = error.response.status_code, error.response.headers
                raise_if_passing(status, headers)
                raise Complaint(status, _reason(error.response)) from None

    require_own_host(base_url, HOSTS, keys=f"{KEY_ID} and {SECRET}")
    key, secret = _keys()
    return Client(api_key=key, secret_key=secret, raw_data=True, url_override=base_url)


def _keys() -> tuple[str, str]:
    missing = [name for name in (KEY_ID, SECRET) if not os.environ.get(name)]
    if missing:
        raise ConfigError(f"data=alpaca: set {' and '.join(missing)} in the environment")
    return os.environ[KEY_ID], os.environ[SECRET]


def _reason(response: Any) -> str:
    """Return the service's message, without the keys should it repeat them."""
    try:
        text = str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        text = response.text[:200]
    for key in _keys():
        text = text.replace(key, "***")
    return " ".join(text.split())


def _told(ticker: str, complaint: Complaint) -> DataError:
    status = complaint.status
    if status == 401 or (status == 403 and "subscription" not in str(complaint)):
        return DataError(
            f"Alpaca: {ticker}: HTTP {status}, the keys in {KEY_ID} and {SECRET} are refused: {complaint}"
        )
    if status == 403:
        return Forbidden(f"Alpaca: {ticker}: HTTP 403: {complaint}")
    return DataError(f"Alpaca: {ticker}: HTTP {status}: {complaint}")


def _bars(served: list[dict[str, Any]], columns: tuple[str, ...], *, day: bool) -> pl.DataFrame:
    """Return the rows; of days, `ts` is midnight UTC of the day in New York."""
    if not served:
        return rows.empty(columns)
    try:
        times = [bar["t"] for bar in served]
        numbers = {name: [bar[SHORT[name]] for bar in served] for name in columns}
        frame = pl.DataFrame({"ts": times, **numbers}, strict=False)
        ts = pl.col("ts").str.to_datetime(time_unit="us", time_zone="UTC")
        frame = frame.select(ts, pl.col(*columns).cast(pl.Float64))
    except (KeyError, TypeError, pl.exceptions.PolarsError) as broken:
        raise Transient("the answer lacks columns") from broken
    if not day:
        return frame
    local = pl.col("ts").dt.convert_time_zone(ZONE).dt.date()
    return frame.with_columns(local.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("ts"))


def _actions(found: dict[str, list[dict[str, Any]]], ticker: str) -> list[Action]:
    """Return splits and dividends by ex-date; a stock dividend of 0.05 is a split of 1.05."""
    made: dict[str, tuple[float, float]] = {}
    for kind, events in found.items():
        for event in events:
            if event.get("symbol") != ticker:
                continue
            split, dividend = made.get(event["ex_date"], (1.0, 0.0))
            if kind in ("forward_splits", "reverse_splits"):
                split *= float(event["new_rate"]) / float(event["old_rate"])
            elif kind == "stock_dividends":
                split *= 1 + float(event["rate"])
            elif kind == "cash_dividends":
                dividend += float(event["rate"])
            made[event["ex_date"]] = (split, dividend)
    return sorted((day, *values) for day, values in made.items())


def _day(at: int) -> date:
    return datetime.fromtimestamp(at / 1e6, UTC).date()
