"""Files in the layouts of many vendors: name -> the rows, and the text, none of it by the reader."""

from datetime import timedelta

from vendors import DAYS, HOURS, american, german, market, short, table

DAILY = market(DAYS, 1190.0, seed=1)
HOURLY = market(HOURS, 1.09, seed=2, digits=5)
YEN = market(HOURS, 110.2, seed=3, digits=3)
MIDDLE = market([at + timedelta(days=14) for at in HOURS], 50.0, seed=5)
LARGE = market(HOURS, 41000.0, seed=4)


def ohlcv(row):
    return f"{row.open},{row.high},{row.low},{row.close},{row.volume}"


def milliseconds(row):
    return int(row.at.timestamp() * 1000)


def quoted(*fields):
    return ",".join(f'"{field}"' for field in fields)


LAYOUTS = {
    "TradingView, ISO": (
        HOURLY,
        table(
            HOURLY,
            lambda r: f"{r.at:%Y-%m-%dT%H:%M:%SZ},{ohlcv(r)},1.0",
            "time,open,high,low,close,Volume,RSI",
        ),
    ),
    "TradingView, UNIX": (
        HOURLY,
        table(HOURLY, lambda r: f"{int(r.at.timestamp())},{ohlcv(r)}", "time,open,high,low,close,Volume"),
    ),
    "Stooq, daily": (DAILY, table(DAILY, lambda r: f"{r.at},{ohlcv(r)}", "Date,Open,High,Low,Close,Volume")),
    "Stooq, ASCII": (
        HOURLY,
        table(
            HOURLY,
            lambda r: f"EURUSD,60,{r.at:%Y%m%d},{int(r.at.strftime('%H%M%S'))},{ohlcv(r)},0",
            "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
        ),
    ),
    "Alpha Vantage, intraday": (
        HOURLY,
        table(
            HOURLY[::-1],
            lambda r: f"{r.at:%Y-%m-%d %H:%M:%S},{ohlcv(r)}",
            "timestamp,open,high,low,close,volume",
        ),
    ),
    "Dukascopy, JForex": (
        HOURLY,
        table(
            HOURLY,
            lambda r: f"{r.at:%d.%m.%Y %H:%M:%S}.000,{ohlcv(r)}",
            "Gmt time,Open,High,Low,Close,Volume",
        ),
    ),
    "Dukascopy, local time": (
        HOURLY,
        table(
            HOURLY,
            lambda r: f"{r.at + timedelta(hours=1):%d.%m.%Y %H:%M:%S}.000 GMT+0100,{ohlcv(r)}",
            "Local time,Open,High,Low,Close,Volume",
            end="\r\n",
        ),
    ),
    "MetaTrader 4, without names": (
        HOURLY,
        table(HOURLY, lambda r: f"{r.at:%Y.%m.%d},{r.at:%H:%M},{ohlcv(r)}"),
    ),
    "MetaTrader 5, yen of three decimals": (
        YEN,
        table(
            YEN,
            lambda r: (
                f"{r.at:%Y.%m.%d}\t{r.at:%H:%M:%S}\t{r.open:.3f}\t{r.high:.3f}\t{r.low:.3f}\t{r.close:.3f}"
                f"\t{r.volume}\t0\t7"
            ),
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
        ),
    ),
    "HistData": (
        HOURLY,
        table(
            HOURLY,
            lambda r: f"{r.at:%Y%m%d %H%M%S};{r.open:.6f};{r.high:.6f};{r.low:.6f};{r.close:.6f};{r.volume}",
        ),
    ),
    "Kraken": (LARGE, table(LARGE, lambda r: f"{int(r.at.timestamp())},{ohlcv(r)},12")),
    "Binance, microseconds": (
        LARGE,
        table(LARGE, lambda r: f"{milliseconds(r)}000,{ohlcv(r)},{milliseconds(r)}999,1.5,10,1.0,1.0,0"),
    ),
    "Polygon": (
        LARGE,
        table(
            LARGE,
            lambda r: f"X:BTCUSD,{r.volume},{r.open},{r.close},{r.high},{r.low},{milliseconds(r)}000000,42",
            "ticker,volume,open,close,high,low,window_start,transactions",
        ),
    ),
    "CryptoDataDownload": (
        LARGE,
        table(
            LARGE[::-1],
            lambda r: f"{int(r.at.timestamp())},{r.at:%Y-%m-%d %H:%M:%S},BTC/USD,{ohlcv(r)},{r.volume * 2}",
            "https://www.CryptoDataDownload.com",
            "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD",
        ),
    ),
    "Investing.com": (
        DAILY,
        table(
            DAILY[::-1],
            lambda r: quoted(
                f"{r.at:%m/%d/%Y}",
                *map(american, (r.close, r.open, r.high, r.low)),
                short(r.volume),
                "-0.35%",
            ),
            '\ufeff"Date","Price","Open","High","Low","Vol.","Change %"',
        ),
    ),
    "Investing.com, German": (
        DAILY,
        table(
            DAILY[::-1],
            lambda r: quoted(
                f"{r.at:%d.%m.%Y}",
                *map(german, (r.close, r.open, r.high, r.low)),
                short(r.volume).replace(".", ","),
                "-0,35%",
            ),
            '"Datum","Zuletzt","Eröffn.","Hoch","Tief","Vol.","+/- %"',
        ),
    ),
    "Nasdaq": (
        DAILY,
        table(
            DAILY[::-1],
            lambda r: f"{r.at:%m/%d/%Y},${r.close},{r.volume},${r.open},${r.high},${r.low}",
            "Date,Close/Last,Volume,Open,High,Low",
        ),
    ),
    "Barchart": (
        DAILY,
        table(
            DAILY[::-1],
            lambda r: f"{r.at:%m/%d/%Y},{r.open},{r.high},{r.low},{r.close},1.5,+0.12%,{r.volume}",
            "Time,Open,High,Low,Last,Change,%Chg,Volume",
        )
        + '"Downloaded from Barchart.com as of 03-05-2021 10:00am CST"\n',
    ),
    "Börse Frankfurt": (
        DAILY,
        table(
            DAILY,
            lambda r: (
                f"{r.at:%d.%m.%y};"
                + ";".join(f"{german(price)} €" for price in r.values[:4])
                + f";{german(r.volume, 0)}"
            ),
            "Kurshistorie WKN 123456;;;;;",
            "",
            "Datum;Eröffnung;Tageshoch;Tagestief;Schlusskurs;Stück",
        ),
    ),
    "Boursorama": (
        DAILY,
        table(
            DAILY,
            lambda r: (
                f"{r.at:%d/%m/%Y}\t"
                + "\t".join(f"{american(p).replace(',', ' ').replace('.', ',')}" for p in r.values[:4])
                + f"\t{r.volume}"
            ),
            "date\touverture\tplus haut\tplus bas\tclôture\tvol",
        ),
    ),
    "SIX": (
        DAILY,
        table(
            DAILY,
            lambda r: (
                f"{r.at:%d-%b-%Y};"
                + ";".join(american(p).replace(",", "'") for p in r.values[:4])
                + f";{american(r.volume, 0).replace(',', chr(39))}"
            ),
            "Date;Open;High;Low;Close;Volume",
        ),
    ),
    "Kaggle, month names": (
        DAILY,
        table(
            DAILY,
            lambda r: (
                f'"{r.at:%b %d, %Y}","{american(r.open)}","{american(r.high)}","{american(r.low)}",'
                f'"{american(r.close)}","{american(r.volume, 0)}"'
            ),
            "Date,Open,High,Low,Close,Volume",
        ),
    ),
    "quantmod": (
        DAILY,
        table(
            DAILY,
            lambda r: f'"{r.at}",{ohlcv(r)}',
            '"","GOOG.Open","GOOG.High","GOOG.Low","GOOG.Close","GOOG.Volume"',
        ),
    ),
    "Tushare, without names": (
        DAILY,
        table(DAILY, lambda r: f"600519.SH,{r.at:%Y%m%d},{r.open},{r.close},{r.high},{r.low},{r.volume}"),
    ),
    "Chinese names": (
        DAILY,
        table(
            DAILY,
            lambda r: f"{r.at:%Y/%m/%d},{r.open},{r.close},{r.high},{r.low},{r.volume}",
            "日期,开盘,收盘,最高,最低,成交量",
        ),
    ),
    "Google Sheets": (
        MIDDLE,
        table(
            MIDDLE,
            lambda r: f"{r.at.month}/{r.at.day}/{r.at.year} {r.at:%I:%M:%S %p}|{ohlcv(r).replace(',', '|')}",
            "Date Time|Open|High|Low|Close|Volume",
        ),
    ),
}
