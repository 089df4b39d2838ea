"""A local server that speaks as Yahoo, Alpaca and FRED do, of an invented market, and fails on demand."""

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

NY = ZoneInfo("America/New_York")
OHLCV = ("open", "high", "low", "close", "volume")


@dataclass
class Listing:
    """One ticker: bars as traded, `(start of the bar, open, high, low, close, volume)`, and its actions."""

    bars: list[tuple[datetime, float, float, float, float, float]]
    splits: dict[date, float] = field(default_factory=dict)
    dividends: dict[date, float] = field(default_factory=dict)


def weekdays(first: date, last: date) -> list[date]:
    days = (first + timedelta(n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def invented(first: date, last: date, *, hourly: bool = False, level: float = 50.0) -> Listing:
    """Bars whose numbers are a plain function of their index."""
    clocks = [(9, 30), *((hour, 30) for hour in range(10, 16))] if hourly else [(9, 30)]
    starts = [
        datetime(d.year, d.month, d.day, h, m, tzinfo=NY).astimezone(UTC)
        for d in weekdays(first, last)
        for h, m in clocks
    ]
    bars = []
    for i, at in enumerate(starts):
        close = level + (i * 37 % 101) / 8
        bars.append((at, close - 0.25, close + 1, close - 1, close, 1000.0 + i))
    return Listing(bars)


class ProviderServer(ThreadingHTTPServer):
    """Serves `listings` and `series`; `faults` are used up one a request, None for a good answer.

    A fault is called with the handler and the good answer (text) and answers itself, or returns other text.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.listings: dict[str, Listing] = {}
        self.series: dict[str, dict[date, float | None]] = {}
        self.now = datetime(2024, 6, 12, 15, tzinfo=UTC)
        self.page_limit = 10_000
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.headers_seen: list[dict[str, str]] = []
        self.faults: list = []
        self.stuck = threading.Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def about(self, word: str) -> list[dict[str, str]]:
        return [parameters for path, parameters in self.requests if word in path]


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        parts = urlsplit(self.path)
        parameters = {key: values[0] for key, values in parse_qs(parts.query).items()}
        with self.server.lock:
            self.server.requests.append((unquote(parts.path), parameters))
            self.server.headers_seen.append(dict(self.headers))
            fault = self.server.faults.pop(0) if self.server.faults else None
        status, text = answer(self.server, unquote(parts.path), parameters)
        if fault is not None:
            text = fault(self, text)
        if text is not None:
            self.reply(status, text)

    def reply(self, status, text, headers=(), length=None):
        body = text.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


def answer(server, path, parameters):
    if path.startswith("/v8/finance/chart/"):
        return chart(server, path.rpartition("/")[2], parameters)
    if path == "/v2/stocks/bars":
        return alpaca_bars(server, parameters)
    if path == "/v1/corporate-actions":
        return alpaca_actions(server, parameters)
    if path == "/graph/fredgraph.csv":
        return fred_csv(server, parameters)
    if path == "/fred/series/observations":
        return fred_json(server, parameters)
    return 404, "not found"


def chart(server, symbol, parameters):
    listing = server.listings.get(symbol)
    if listing is None:
        error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
        return 404, json.dumps({"chart": {"result": None, "error": error}})
    begin, end = int(parameters["period1"]), int(parameters["period2"])
    bars = [bar for bar in listing.bars if begin <= bar[0].timestamp() < end and bar[0] < server.now]
    columns = {name: [] for name in OHLCV}
    for at, *prices, volume in bars:
        later = 1.0
        for day, ratio in listing.splits.items():
            effective = datetime(day.year, day.month, day.day, tzinfo=NY)
            later *= ratio if at < effective <= server.now else 1.0
        for name, price in zip(OHLCV, prices, strict=False):
            columns[name].append(price / later)
        columns["volume"].append(volume * later)
    result = {
        "meta": {
            "symbol": symbol,
            "currency": "USD",
            "instrumentType": "EQUITY",
            "exchangeTimezoneName": "America/New_York",
            "firstTradeDate": int(listing.bars[0][0].timestamp()),
        },
        "timestamp": [int(bar[0].timestamp()) for bar in bars],
        "events": events(listing, begin, end, server.now),
        "indicators": {"quote": [columns], "adjclose": [{"adjclose": columns["close"]}]},
    }
    if not bars:
        del result["timestamp"]
        result["indicators"] = {"quote": [{}]}
    return 200, json.dumps({"chart": {"result": [result], "error": None}})


def opening(day):
    return int(datetime(day.year, day.month, day.day, 9, 30, tzinfo=NY).timestamp())


def events(listing, begin, end, now):
    """Splits and dividends in range, dividends divided by the splits after them, as Yahoo has them."""
    known = {day: ratio for day, ratio in listing.splits.items() if opening(day) <= now.timestamp()}
    splits, dividends = {}, {}
    for day, ratio in known.items():
        if begin <= opening(day) < end:
            splits[str(opening(day))] = {"date": opening(day), "numerator": ratio, "denominator": 1.0}
    for day, amount in listing.dividends.items():
        if begin <= opening(day) < min(end, now.timestamp()):
            for other, ratio in known.items():
                amount /= ratio if other > day else 1.0
            dividends[str(opening(day))] = {"date": opening(day), "amount": amount}
    return {"splits": splits, "dividends": dividends}


def alpaca_bars(server, parameters):
    symbol = parameters["symbols"]
    if symbol not in server.listings:
        return 400, json.dumps({"code": 40010001, "message": f"invalid symbol: {symbol}"})
    begin = datetime.fromisoformat(parameters["start"])
    end = datetime.fromisoformat(parameters["end"])
    found = [
        {"t": at.isoformat().replace("+00:00", "Z"), "o": o, "h": h, "l": lo, "c": c, "v": v, "n": 1, "vw": c}
        for at, o, h, lo, c, v in server.listings[symbol].bars
        if begin <= at <= end and at < server.now
    ]
    at = int(parameters.get("page_token", "0"))
    page = found[at : at + server.page_limit]
    more = at + server.page_limit < len(found)
    token = str(at + server.page_limit) if more else None
    return 200, json.dumps({"bars": {symbol: page} if page else {}, "next_page_token": token})


def alpaca_actions(server, parameters):
    symbol = parameters["symbols"]
    listing = server.listings.get(symbol, Listing([]))
    first, last = date.fromisoformat(parameters["start"]), date.fromisoformat(parameters["end"])
    forward = [
        {"symbol": symbol, "ex_date": day.isoformat(), "new_rate": ratio, "old_rate": 1}
        for day, ratio in listing.splits.items()
        if first <= day <= last
    ]
    cash = [
        {"symbol": symbol, "ex_date": day.isoformat(), "rate": amount, "special": False}
        for day, amount in listing.dividends.items()
        if first <= day <= last
    ]
    found = {"forward_splits": forward, "cash_dividends": cash}
    return 200, json.dumps({"corporate_actions": found, "next_page_token": None})


def observations(server, name, first, last):
    first, last = date.fromisoformat(first), date.fromisoformat(last)
    return [(day, value) for day, value in server.series[name].items() if first <= day <= last]


def fred_csv(server, parameters):
    name = parameters["id"]
    if name not in server.series:
        return 404, "<html>not found</html>"
    found = observations(server, name, parameters["cosd"], parameters["coed"])
    lines = [f"{day},{'' if value is None else value}" for day, value in found]
    return 200, "\n".join([f"observation_date,{name}", *lines]) + "\n"


def fred_json(server, parameters):
    name = parameters["series_id"]
    if name not in server.series:
        message = "Bad Request.  The series does not exist."
        return 400, json.dumps({"error_code": 400, "error_message": message})
    found = observations(server, name, parameters["observation_start"], parameters["observation_end"])
    rows = [{"date": str(day), "value": "." if value is None else str(value)} for day, value in found]
    return 200, json.dumps({"count": len(rows), "observations": rows})


def status(code, text="", **headers):
    """Answer with another HTTP status."""
    named = [(name.replace("_", "-"), str(value)) for name, value in headers.items()]
    return lambda handler, _: handler.reply(code, text, named)


def cut_off(handler, text):
    """Promise the whole answer, send half of it, and hang up."""
    handler.reply(200, text[: len(text) // 2], length=len(text))
    handler.wfile.flush()
    handler.connection.close()


def half_json(handler, text):
    """Send half of the answer as if it were whole."""
    handler.reply(200, text[: len(text) // 2])


def slow(seconds):
    """Answer too late."""

    def late(handler, text):
        time.sleep(seconds)
        return text

    return late


def stuck(handler, _):
    """Never answer, and say so."""
    handler.server.stuck.set()
    time.sleep(30)


def changed(change):
    """Answer with other content: `change` alters the decoded JSON in place."""

    def other(handler, text):
        content = json.loads(text)
        change(content)
        return json.dumps(content)

    return other


@contextmanager
def running():
    server = ProviderServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
