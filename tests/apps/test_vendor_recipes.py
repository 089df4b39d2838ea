"""Each recipe of docs/data_from_files.md, run as it stands there on a small file of that vendor's layout."""

import json
import re
import shlex
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from commands import Ended

from vendor_layouts import LAYOUTS
from vendors import american, german, market, table

PAGE = Path(__file__).parents[2] / "docs" / "data_from_files.md"
HOLIDAYS = (date(2021, 1, 18), date(2021, 2, 15))
DAYS = [date(2021, 1, 4) + timedelta(days=n) for n in range(70)]
DAYS = [day for day in DAYS if day.weekday() < 5 and day not in HOLIDAYS]
DAILY = market(DAYS, 1190.0, seed=1)
MONDAY = datetime(2021, 3, 1)
WEEK = [MONDAY + timedelta(hours=n) for n in range(96)]  # Monday to Thursday, of any zone
HOURLY = market(WEEK, 1.09, seed=2, digits=5)
NEW_YORK, HELSINKI, WARSAW = (
    ZoneInfo(f"{zone}") for zone in ("America/New_York", "Europe/Helsinki", "Europe/Warsaw")
)
EXTENDED = [
    datetime.combine(day, datetime.min.time()) + timedelta(hours=h) for day in DAYS[:20] for h in range(4, 20)
]
STOCK = market(EXTENDED, 120.0, seed=3)


def ohlcv(row):
    return f"{row.open},{row.high},{row.low},{row.close},{row.volume}"


def by_day(rows, factor=1.0):
    """Return date -> values of daily rows, their prices times `factor`."""
    return {row.at: (*(v * factor for v in row.values[:4]), row.volume) for row in rows}


def by_close(rows, zone):
    """Return the close times of bars of an hour that begin at the wall times of `zone` -> values."""
    return {(row.at.replace(tzinfo=zone) + timedelta(hours=1)).astimezone(UTC): row.values for row in rows}


def inside(rows):
    """Return the bars of an hour that lie within New York's session from 9:30 to 16:00."""
    return by_close([row for row in rows if 10 <= row.at.hour < 16], NEW_YORK)


def yfinance():
    head = [
        "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume",
        "Ticker" + ",ABC,XYZ" * 5,
        "Date" + "," * 10,
    ]
    order = [(row.close, row.high, row.low, row.open, row.volume) for row in DAILY]
    rows = [f"{r.at}," + ",".join(f"{v},{v}" for v in values) for r, values in zip(DAILY, order, strict=True)]
    return "\n".join([*head, *rows, ""])


def yahoo(row):
    return f"{row.at},{row.open},{row.high},{row.low},{row.close},{row.close / 4},{row.volume}"


def binance(row):
    stamp = int(row.at.replace(tzinfo=UTC).timestamp())
    return f"{stamp}{'000' if row.at.day < 3 else '000000'},{ohlcv(row)},{stamp}999,1.0,10,1.0,1.0,0"


def metatrader_5(row):
    values = "\t".join(ohlcv(row).split(","))
    return f"{row.at:%Y.%m.%d}\t{row.at:%H:%M:%S}\t{values}\t0\t7"


def stooq(row):
    return f"EURUSD,60,{row.at:%Y%m%d},{row.at:%H%M%S},{ohlcv(row)},0"


def points(row):
    volume = american(row.volume, 0).replace(",", ".")
    return f"{row.at},{row.open},{row.high},{row.low},{row.close},{volume}"


def bank(row):
    return f"{row.at:%d.%m.%Y};" + ";".join(map(german, row.values[:4])) + f";{german(row.volume, 0)}"


MT5 = "\t".join(
    f"<{name}>" for name in ["DATE", "TIME", "OPEN", "HIGH", "LOW", "CLOSE", "TICKVOL", "VOL", "SPREAD"]
)
STOOQ = ",".join(
    f"<{name}>"
    for name in ["TICKER", "PER", "DATE", "TIME", "OPEN", "HIGH", "LOW", "CLOSE", "VOL", "OPENINT"]
)
NAMES = "Date,Open,High,Low,Close,Volume"
FILES = {
    "yfinance.csv": (yfinance(), by_day(DAILY)),
    "yahoo.csv": (table(DAILY, yahoo, NAMES.replace("Close", "Close,Adj Close")), by_day(DAILY, 0.25)),
    "BTCUSDT.csv": (table(HOURLY, binance), by_close(HOURLY, UTC)),
    "EURUSD60.csv": (
        table(HOURLY, lambda r: f"{r.at:%Y.%m.%d},{r.at:%H:%M},{ohlcv(r)}"),
        by_close(HOURLY, HELSINKI),
    ),
    "EURUSD_H1.csv": (table(HOURLY, metatrader_5, MT5), by_close(HOURLY, HELSINKI)),
    "BITSTAMP_BTCUSD, 60.csv": (
        LAYOUTS["TradingView, UNIX"][1],
        by_close(LAYOUTS["TradingView, UNIX"][0], UTC),
    ),
    "stooq_d.csv": (table(DAILY, lambda r: f"{r.at},{ohlcv(r)}", NAMES), by_day(DAILY)),
    "stooq_ascii.txt": (table(HOURLY, stooq, STOOQ), by_close(HOURLY, WARSAW)),
    "alphavantage.csv": (
        table(
            STOCK[::-1],
            lambda r: f"{r.at:%Y-%m-%d %H:%M:%S},{ohlcv(r)}",
            "timestamp,open,high,low,close,volume",
        ),
        inside(STOCK),
    ),
    "dukascopy.csv": (
        table(
            HOURLY, lambda r: f"{r.at:%d.%m.%Y %H:%M:%S}.000,{ohlcv(r)}", NAMES.replace("Date", "Gmt time")
        ),
        by_close(HOURLY, UTC),
    ),
    "WXY.csv": (table(DAILY, bank, "Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke"), by_day(DAILY)),
    "points.csv": (table(DAILY, points, NAMES), by_day(DAILY)),
}


def recipes() -> dict[str, list[str]]:
    """Return the file of each recipe, and the words of its command."""
    section = PAGE.read_text().partition("## Recipes")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^```bash\n(.*?)^```$", section, re.M | re.S)
    found = {}
    for line in block.splitlines():
        if line.startswith("ploutos "):
            words = shlex.split(line)
            (path,) = (word.partition("=")[2].strip('"') for word in words if word.startswith("data.path="))
            found[path] = words[1:]
    return found


RECIPES = recipes()


def test_every_recipe_is_tried() -> None:
    assert set(RECIPES) == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_recipe(ploutos, name: str) -> None:
    from ploutos.panel.store import read

    text, right = FILES[name]
    Path(name).write_text(text)
    ended: Ended = ploutos(*RECIPES[name], "name=recipe")
    assert ended.code == 0, ended.err
    assert "# Save as my_conf/data/recipe.yaml" in ended.out
    (file,) = Path.cwd().glob("outputs/data/recipe/*/data.json")
    told = json.loads(file.read_text())
    panel = read(Path(told["folder"]), told["address"])
    times = [datetime.fromtimestamp(int(ts) / 1e6, UTC) for ts in panel.ts]
    daily = not isinstance(next(iter(right)), datetime)
    assert [at.date() if daily else at for at in times] == sorted(right)
    wanted = np.array([right[at] for at in sorted(right)])
    names = ("open", "high", "low", "close", "volume")
    assert panel.tickers == (("ABC", "XYZ") if name.startswith("yf") else (ticker_of(name),))
    for n in range(len(panel.tickers)):
        found = np.stack([getattr(panel, field)[:, n] for field in names], axis=1)
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def ticker_of(name: str) -> str:
    return "EURUSD" if name.startswith("stooq_a") else name.rpartition(".")[0]
