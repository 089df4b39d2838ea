"""What vendors call their columns, in the languages that they write."""

import re
import unicodedata
from collections.abc import Iterable

WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "ts": (
        ("ts", "datetime", "date time", "timestamp", "time stamp", "open time", "opentime", "bar time"),
        ("date", "gmt time", "local time", "utc time", "utc", "trade date", "trading date", "datum", "fecha"),
        (
            "day",
            "dt",
            "dtyyyymmdd",
            "tradedate",
            "quote date",
            "price date",
            "data",
            "dato",
            "dag",
            "日期",
            "时间",
        ),
        (
            "trade time",
            "日付",
            "日時",
            "날짜",
            "дата",
            "period",
            "open timestamp",
            "window start",
            "ts event",
        ),
        ("unix", "unix time", "unix timestamp", "epoch", "unixtime", "t", "start", "begin", "start time"),
    ),
    "time": (("time", "zeit", "uhrzeit", "heure", "hora", "ora", "tid", "hour", "time of day", "время"),),
    "ticker": (
        ("ticker", "symbol", "tickers", "symbols"),
        (
            "sym",
            "tic",
            "instrument",
            "ts code",
            "act symbol",
            "pair",
            "code",
            "stock",
            "stock code",
            "security",
        ),
        ("asset", "ric", "isin", "wkn", "代码", "股票代码", "тикер"),
    ),
    "open": (
        ("open", "open price", "price open", "opening", "opening price", "px open", "first"),
        (
            "o",
            "erster",
            "eroffnung",
            "eroeffnung",
            "eroffn",
            "eroffnungskurs",
            "eroeffnungskurs",
            "ouverture",
            "ouv",
        ),
        ("apertura", "abertura", "开盘", "开盘价", "始値", "시가", "открытие", "offen", "openen", "oppning"),
    ),
    "high": (
        ("high", "high price", "price high", "px high", "highest", "max", "day high"),
        ("h", "hoch", "tageshoch", "hochst", "hoechst", "hochstkurs", "hoechstkurs", "plus haut", "haut"),
        ("maximo", "massimo", "alto", "最高", "最高价", "高値", "고가", "максимум", "hoog", "hogsta"),
    ),
    "low": (
        ("low", "low price", "price low", "px low", "lowest", "min", "day low"),
        ("l", "tief", "tagestief", "tiefst", "tiefstkurs", "plus bas", "bas"),
        ("minimo", "baixo", "最低", "最低价", "安値", "저가", "минимум", "laag", "lagsta"),
    ),
    "close": (
        ("close", "close price", "price close", "closing", "closing price", "px close", "close last"),
        ("c", "schluss", "schlusskurs", "cierre", "cloture", "chiusura", "fechamento", "slutkurs"),
        ("last", "last price", "letzter", "zuletzt", "dernier", "ultimo", "收盘", "收盘价", "終値", "종가"),
        ("price", "px last", "settle", "settlement", "закрытие", "kurs"),
    ),
    "volume": (
        ("volume", "vol", "volumes", "total volume"),
        ("v", "qty", "quantity", "volumen", "stucke", "stuecke", "stuck", "stueck", "volumi", "成交量"),
        (
            "shares traded",
            "total traded quantity",
            "traded volume",
            "volume traded",
            "出来高",
            "거래량",
            "объем",
        ),
        ("tick volume", "tickvol", "tickvolume", "tick vol", "ticks"),
    ),
    "adjusted_close": (
        ("adj close", "adjusted close", "adjclose", "close adj", "close adjusted", "adjusted close price"),
        ("adj close price", "adjusted", "adj closing price", "bereinigter schlusskurs", "closeadj"),
    ),
}
"""Of each column's names: those of one tuple are equally good, those of an earlier one win."""

NEEDED = ("ts", "open", "high", "low", "close")
PRICES = ("open", "high", "low", "close")


def normal(name: str) -> str:
    """Return a name in small letters without accents, brackets, numbering and signs."""
    plain = re.sub(r"([a-z])([A-Z])", r"\1 \2", name.strip().strip("<>#\"'"))
    plain = unicodedata.normalize("NFKD", plain.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = unicodedata.normalize("NFC", plain)
    plain = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", plain) if re.match(r"[^(\[]*\w", plain) else plain
    words = re.sub(r"[\W_]+", " ", plain).split()
    return " ".join(words[1:] if len(words) > 1 and words[0].isdigit() else words)


def candidates(role: str, names: Iterable[str]) -> list[str]:
    """Return the names that stand for `role` equally well, best known words first; none: an empty list."""
    by_normal = [(name, normal(name)) for name in names]
    for tier in WORDS[role]:
        found = [name for name, plain in by_normal if plain in tier or plain.replace(" ", "") in tier]
        if found:
            return found
    return []


def score(cells: Iterable[str]) -> int:
    """Return how many of the roles some cell is named after."""
    cells = [cell for cell in cells if cell.strip()]
    return sum(bool(candidates(role, cells)) for role in WORDS)


def families(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return, of names such as GOOG.Open or bid_open, what stands beside the role -> role -> name.

    Only families with all four prices.
    """
    found: dict[str, dict[str, str]] = {}
    single = {"open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume"}
    single |= {"adjusted": "adjusted_close", "vol": "volume"}
    for name in names:
        words = normal(name).split()
        roles = [word for word in words if word in single]
        if len(words) < 2 or len(roles) != 1:
            continue
        rest = " ".join(word for word in words if word != roles[0])
        found.setdefault(rest, {}).setdefault(single[roles[0]], name)
    return {rest: family for rest, family in found.items() if set(PRICES) <= set(family)}
