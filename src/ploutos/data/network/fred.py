"""FRED's daily series: the JSON service with a key, or the public CSV of its graphs."""

import io
import json
import logging
import os
import re
from datetime import UTC, datetime
from typing import Any

import polars as pl
import requests

from ploutos.data.network.addresses import check_address, require_own_host
from ploutos.data.network.clock import DAY
from ploutos.data.network.provider import About
from ploutos.data.network.retries import Transient, raise_if_passing
from ploutos.data.network.spans import Span
from ploutos.types import ConfigError, DataError

KEY = "FRED_API_KEY"
API_URL, CSV_URL = "https://api.stlouisfed.org", "https://fred.stlouisfed.org"
HOSTS = ("api.stlouisfed.org",)
LIMIT = 100_000  # observations of one answer


def hide_key_from_logs() -> None:
    """Take the key out of what urllib3 tells of its requests: FRED wants it in the address."""
    logger = logging.getLogger("urllib3.connectionpool")
    if _without_key not in logger.filters:
        logger.addFilter(_without_key)


def _without_key(record: logging.LogRecord) -> bool:
    told = record.getMessage()
    record.msg, record.args = re.sub(r"api_key=[^&\s\"]+", "api_key=***", told), ()
    return True


class FredSeries:
    """The provider behind `macro=fred`; a holiday is a row without a value.

    Parameters
    ----------
    api : True asks the JSON service with the key in FRED_API_KEY, False the CSV.
    base_url : where the service is; None is FRED.
    timeout_seconds : longest wait for an answer.
    """

    name = "FRED"
    columns: tuple[str, ...] = ("value",)
    prices: tuple[str, ...] = ()
    late = 28 * DAY

    def __init__(self, *, api: bool, base_url: str | None, timeout_seconds: float) -> None:
        self.api = api
        self.base_url = (check_address(base_url) or (API_URL if api else CSV_URL)).rstrip("/")
        self.timeout_seconds = timeout_seconds

    def earliest(self, now: int) -> int | None:
        """Return None: FRED serves all there is."""
        return None

    def limit(self, now: int) -> int:
        """Return the present midnight; what is not published yet is not served."""
        return now // DAY * DAY

    def about(self, ticker: str, span: Span) -> About:
        """Return nothing; FRED is not asked."""
        return About()

    def page(self, ticker: str, span: Span, about: About) -> pl.DataFrame:
        """Return `ts` (midnight UTC of the day) and `value`, null on holidays."""
        first, last = (f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d}" for at in (span[0], span[1] - 1))
        days = self._json(ticker, first, last) if self.api else self._csv(ticker, first, last)
        try:
            return days.select(
                pl.col("date").str.to_datetime("%Y-%m-%d", time_unit="us", time_zone="UTC").alias("ts"),
                pl.col("value").replace({".": None, "": None}).cast(pl.Float64),
            )
        except pl.exceptions.PolarsError as broken:
            raise Transient("the answer has dates or values that are none") from broken

    def _json(self, ticker: str, first: str, last: str) -> pl.DataFrame:
        key = os.environ.get(KEY)
        if not key:
            raise ConfigError(f"macro=fred: set {KEY} in the environment, or api=false for the public CSV")
        require_own_host(self.base_url, HOSTS, keys=KEY)
        hide_key_from_logs()
        parameters = {
            "series_id": ticker,
            "observation_start": first,
            "observation_end": last,
            "file_type": "json",
            "api_key": key,
            "limit": str(LIMIT),
        }
        status, text = self._get("/fred/series/observations", parameters)
        try:
            told = json.loads(text)
            if status == requests.codes.ok:
                found = [(one["date"], one["value"]) for one in told["observations"]]
                if len(found) != told["count"] and len(found) < LIMIT:
                    raise Transient(f"{len(found)} of {told['count']} observations came")
                return pl.DataFrame(found, schema={"date": pl.String, "value": pl.String}, orient="row")
            reason = str(told["error_message"]).replace(key, "***")
        except (ValueError, KeyError, TypeError) as broken:
            raise Transient(f"HTTP {status}, the answer is not understood or is cut off") from broken
        raise DataError(f"FRED: {ticker}: HTTP {status}: {reason}")

    def _csv(self, ticker: str, first: str, last: str) -> pl.DataFrame:
        status, text = self._get("/graph/fredgraph.csv", {"id": ticker, "cosd": first, "coed": last})
        if status != requests.codes.ok:
            raise DataError(f"FRED: {ticker}: HTTP {status}; check the name of the series")
        head = text.splitlines()[:1]
        named = head[0].split(",") if head else []
        if len(named) != 2 or "date" not in named[0].lower():
            raise Transient("the answer is no table of dates and values")
        if named[1] != ticker:
            raise DataError(f"FRED: asked for {ticker}, the answer is about {named[1]}")
        if not text.endswith("\n"):
            raise Transient("the answer is cut off")
        try:
            table = pl.read_csv(io.StringIO(text), infer_schema=False)
        except pl.exceptions.PolarsError as broken:
            raise Transient("the answer is no table of dates and values") from broken
        return table.rename({named[0]: "date", ticker: "value"})

    def _get(self, path: str, parameters: dict[str, Any]) -> tuple[int, str]:
        try:
            answer = requests.get(
                self.base_url + path,
                params=parameters,
                timeout=self.timeout_seconds,
                allow_redirects=not self.api,  # the key in the address goes nowhere else
            )
        except requests.Timeout:
            raise Transient(f"no answer within {self.timeout_seconds:g} s") from None
        except requests.ConnectionError:  # its text holds the address, and that the key
            raise Transient("no connection") from None
        except requests.RequestException as error:
            raise Transient(f"the answer is cut off ({type(error).__name__})") from None
        raise_if_passing(answer.status_code, dict(answer.headers))
        return answer.status_code, answer.text
