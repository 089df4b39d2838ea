"""Every core feature, the slow and obvious way: one row at a time, from the definition."""

import itertools
import math
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

NAN = float("nan")


def slow_core(frame: pl.DataFrame, timezone: str, p: dict) -> dict[str, list[float]]:
    """Return feature name -> values in the row order of `frame`; `p` is the constructor's settings."""
    out: dict[str, list[float]] = {}
    for (_,), part in frame.group_by("ticker", maintain_order=True):
        rows = part.to_dicts()
        for i in range(len(rows)):
            for name, value in _row(rows[: i + 1], timezone, p).items():
                out.setdefault(name, []).append(value)
    ranked = frame.with_row_index("row")
    for n in p["rank_bars"]:
        moves = np.array(out.pop(f"_move_{n}"))
        out[f"rank_{n}"] = [NAN] * len(frame)
        for (_,), part in ranked.group_by("ts"):
            known = [r for r in part["row"] if not math.isnan(moves[r])]
            for r in known:
                below = sum(moves[s] < moves[r] for s in known)
                ties = sum(moves[s] == moves[r] for s in known)
                out[f"rank_{n}"][r] = (below + (ties + 1) / 2 - 0.5) / len(known) - 0.5
    return out


def _row(bars: list[dict], timezone: str, p: dict) -> dict[str, float]:
    """Features of the last of `bars` (one ticker, oldest first)."""
    close = [b["close"] for b in bars]
    bar, now = bars[-1], close[-1]
    r = [NAN] + [math.log(b / a) for a, b in itertools.pairwise(close)]
    tr = [NAN] + [
        math.log(max(b["high"], a["close"]) / min(b["low"], a["close"])) for a, b in itertools.pairwise(bars)
    ]
    value = [b["close"] * b["volume"] for b in bars]

    def last(x: list, n: int) -> np.ndarray:
        return np.array(x[-n:], dtype=float) if len(x) >= n else np.array([NAN])

    def column(name: str, n: int) -> np.ndarray:
        return last([b[name] for b in bars], n)

    def div(a: float, b: float) -> float:
        return 0.0 if b == 0 else a / b

    def move(n: int) -> float:
        return math.log(now / close[-1 - n]) if len(close) > n else NAN

    def std(x: list, n: int) -> float:
        window = last(x, n)
        return 0.0 if np.ptp(window) == 0 else float(np.std(window))

    f = {f"return_{n}": move(n) for n in p["return_bars"]}
    f[f"momentum_{p['momentum_bars']}"] = move(p["momentum_bars"])
    f["gap_1"] = math.log(bar["open"] / close[-2]) if len(close) > 1 else NAN

    f |= {f"volatility_{n}": std(r, n) for n in p["volatility_bars"]}
    short, long = min(p["volatility_bars"]), max(p["volatility_bars"])
    f[f"volatility_ratio_{short}_{long}"] = div(std(r, short), std(r, long))
    n = p["downside_bars"]
    w = last(r, n)
    f[f"downside_{n}"] = div(np.sum(np.minimum(w, 0) ** 2), np.sum(w**2))

    f |= {f"sma_ratio_{n}": now / np.mean(last(close, n)) - 1 for n in p["trend_bars"]}
    n = p["choppiness_bars"]
    band, path = math.log(column("high", n).max() / column("low", n).min()), np.sum(last(tr, n))
    choppy = 0.0 if band == 0 or path == 0 else math.log(path / band) / math.log(n)
    f[f"choppiness_{n}"] = choppy if math.isnan(choppy) else min(choppy, 1.0)

    n = p["oscillator_bars"]
    w = last(r, n)
    ups, downs = np.sum(np.maximum(w, 0)), np.sum(np.maximum(-w, 0))
    f[f"rsi_{n}"] = div(ups - downs, ups + downs)
    top, bottom = column("high", n).max(), column("low", n).min()
    f[f"stochastic_{n}"] = NAN if math.isnan(top) else div(2 * (now - bottom), top - bottom) - (top > bottom)
    n = p["band_bars"]
    average, band = np.mean(last(close, n)), std(close, n)
    f[f"bollinger_{n}"] = NAN if math.isnan(band) else div(now - average, band)
    f[f"bollinger_width_{n}"] = 4 * band / average

    fast, n = p["volume_fast_bars"], p["volume_slow_bars"]
    usual = np.mean(last(value, n))
    f[f"volume_ratio_{n}"] = 0.0 if usual == 0 else math.log((1 + value[-1] / usual) / 2)
    f[f"volume_trend_{fast}_{n}"] = (
        0.0 if usual == 0 else math.log((1 + np.mean(last(value, fast)) / usual) / 2)
    )
    flow = [v * np.sign(x) for v, x in zip(value, r, strict=True)]
    f[f"signed_volume_{n}"] = div(np.sum(last(flow, n)), np.sum(last(value, n))) if len(r) > n else NAN
    shares = np.sum(column("volume", n))
    f[f"vwap_distance_{n}"] = 0.0 if shares == 0 else now / (np.sum(last(value, n)) / shares) - 1

    f["range_1"] = math.log(bar["high"] / bar["low"])
    f[f"atr_{p['atr_bars']}"] = np.mean(last(tr, p["atr_bars"]))
    f["close_location_1"] = div((now - bar["low"]) - (bar["high"] - now), bar["high"] - bar["low"])
    f[f"drawdown_{p['extreme_bars']}"] = now / column("high", p["extreme_bars"]).max() - 1

    local = bar["ts"].astimezone(ZoneInfo(timezone))
    day, week = 2 * math.pi * (local.hour + local.minute / 60) / 24, 2 * math.pi * local.weekday() / 7
    f |= {"time_of_day_sin": math.sin(day), "time_of_day_cos": math.cos(day)}
    f |= {"weekday_sin": math.sin(week), "weekday_cos": math.cos(week)}
    return f | {f"_move_{n}": now / close[-1 - n] if len(close) > n else NAN for n in p["rank_bars"]}
