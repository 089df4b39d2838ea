"""What decides how a CSV file is read: evidence in it, and a refusal where it has two readings."""

import codecs
import gzip
from datetime import timedelta
from functools import partial

import pytest

from ploutos.types import ConfigError, DataError
from vendors import DAYS, HOURS, market, table

DAILY = market(DAYS, 100.0, seed=7)
ANY_PRICE = {"spike": {"action": "kept", "wick_action": "kept"}}
HEAD = "Date,Open,High,Low,Close,Volume"


def ohlc(row):
    return f"{row.open},{row.high},{row.low},{row.close}"


@pytest.fixture
def read(tmp_path, csv):
    """Write a text as ABC.csv and return its source, on a calendar of weekdays."""

    def make(text, *choices, name="ABC.csv", **settings):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return csv(path, *(choices or ("calendar=weekdays",)), **settings)

    return make


def closes(source):
    return source.load().frame["close"].to_list()


def volumes(source):
    return source.load().frame["volume"].to_list()


# Dates.


def dated(format, days, sign=","):
    rows = market(days, 100.0)
    return table(
        rows, lambda r: sign.join([r.at.strftime(format), *map(str, r.values)]), HEAD.replace(",", sign)
    )


@pytest.mark.parametrize("format", ["%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%m/%d/%y", "%d/%m/%y"])
def test_day_and_month_are_told_by_a_day_above_twelve(read, format):
    source = read(dated(format, DAYS))
    assert source.layout.columns.ts_format == format
    assert [t.date() for t in source.load().frame["ts"]] == DAYS


@pytest.mark.parametrize("format", ["%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d/%m/%y"])
def test_day_and_month_that_may_change_places_are_refused_with_both_readings(read, format):
    days = [day for day in DAYS if day.day <= 12]
    text = dated(format, days)
    with pytest.raises(DataError) as caught:
        read(text).load()
    first = days[0]
    for told in (
        f"ABC.csv: Date is '{first.strftime(format)}' in row 1",
        first.isoformat(),
        first.replace(month=first.day, day=first.month).isoformat(),
        "set data.columns.ts_format",
    ):
        assert told in str(caught.value)
    source = read(text, columns={"ts_format": format})
    assert [t.date() for t in source.load().frame["ts"]] == days


def test_dates_that_are_alike_both_ways_are_no_question(read):
    days = [day.replace(month=day.day, day=day.day) for day in DAYS[:5]]
    assert len(closes(read(dated("%d/%m/%Y", days), "calendar=always_open", bar_minutes=None))) == 5


def test_points_between_stand_for_the_day_first(read):
    days = [day for day in DAYS if day.day <= 12]
    assert [t.date() for t in read(dated("%d.%m.%Y", days)).load().frame["ts"]] == days


def test_years_of_two_digits_first_are_told_by_the_days_that_follow(read):
    source = read(dated("%y/%m/%d", DAYS))
    assert [t.date() for t in source.load().frame["ts"]] == DAYS
    assert [t.date() for t in read(dated("%d.%m.%y", DAYS)).load().frame["ts"]] == DAYS


@pytest.mark.parametrize("digits", [0, 3, 6, 9])
def test_counts_since_1970_in_any_unit(read, digits):
    rows = market(HOURS, 100.0)
    text = table(
        rows, lambda r: f"{int(r.at.timestamp())}{'0' * digits},{ohlc(r)}", "time,open,high,low,close"
    )
    frame = read(text, "calendar=always_open", label="close").load().frame
    assert frame["ts"].to_list() == HOURS


def test_units_may_change_within_a_column(read):
    rows = market(HOURS, 100.0)
    zeros = dict(zip(HOURS, ["", "000", "000000", "000000000"] * 15, strict=True))
    text = table(
        rows, lambda r: f"{int(r.at.timestamp())}{zeros[r.at]},{ohlc(r)}", "time,open,high,low,close"
    )
    for settings in ({}, {"columns": {"ts_format": "%s"}}, {"columns": {"ts_format": "epoch"}}):
        source = read(text, "calendar=always_open", label="close", **settings)
        assert source.load().frame["ts"].to_list() == HOURS


def test_counts_before_1973_need_a_unit(read):
    text = "time,open,high,low,close\n" + "".join(f"{n * 86400},1,2,1,2\n" for n in range(1, 6))
    with pytest.raises(DataError, match=r"time is '86400' in row 1"):
        read(text, "calendar=always_open").load()
    frame = read(text, "calendar=always_open", columns={"ts_format": "epoch_s"}).load().frame
    assert [t.year for t in frame["ts"]] == [1970] * 5


def test_a_time_that_repeats_the_clock_of_the_date_is_left_out_and_one_that_contradicts_it_refused(read):
    rows = market(HOURS, 100.0)
    text = table(
        rows, lambda r: f"{r.at:%Y-%m-%d %H:%M},{r.at:%H:%M},{ohlc(r)}", "Date,Time,Open,High,Low,Close"
    )
    assert read(text, "calendar=always_open").layout.columns.time is None
    other = text.replace(",00:00,", ",09:30,")
    with pytest.raises(DataError, match=r"both times of day; set data\.columns\.time=null"):
        read(other, "calendar=always_open").load()


# Numbers.


def priced(numbers, volume="7", sign=";"):
    """Return a file whose bars have one price each, as it stands in `numbers`."""
    rows = (sign.join([str(day), *[n] * 4, volume]) for day, n in zip(DAYS, numbers, strict=False))
    return HEAD.replace(",", sign) + "\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("numbers", "values"),
    [
        (["97,53", "98,1", "100"], [97.53, 98.1, 100.0]),
        (["1.196,31", "999,5", "1.234.567,8"], [1196.31, 999.5, 1234567.8]),
        (["1,196.31", "999.5", "1,234,567.8"], [1196.31, 999.5, 1234567.8]),
        (["1 196,31", "999,5", "12\u00a0345,6"], [1196.31, 999.5, 12345.6]),
        (["1'196.31", "999.5", "12’345.6"], [1196.31, 999.5, 12345.6]),
        (["12,34,567.5", "99,999.5", "5.5"], [1234567.5, 99999.5, 5.5]),
        (["0,123", "0,124", "0,125"], [0.123, 0.124, 0.125]),  # no group begins with a zero
        (["1,234", "12,5", "1,236"], [1.234, 12.5, 1.236]),  # nor has one two digits
        (
            ["1,234,567", "1,234", "2,345"],
            [1234567.0, 1234.0, 2345.0],
        ),  # a sign that comes twice is none of decimals
        (["1234,567", "1,234", "2,345"], [1234.567, 1.234, 2.345]),  # no groups where one is missing
        (["$97.53", "$1,098.10", "$100"], [97.53, 1098.1, 100.0]),
        (["97,53 €", "98,10 €", "1.100,00 €"], [97.53, 98.1, 1100.0]),
        (["USD 97.53", "USD 98.10", "USD 1.5"], [97.53, 98.1, 1.5]),
        (["98.5%", "98.75%", "101%"], [98.5, 98.75, 101.0]),
        (["1.5K", "1.1M", "2B"], [1500.0, 1100000.0, 2e9]),
        (["1e3", "1.5E+3", "+5"], [1000.0, 1500.0, 5.0]),
    ],
)
def test_numbers_as_people_write_them(read, numbers, values):
    assert closes(read(priced(numbers), quality=ANY_PRICE)) == values


@pytest.mark.parametrize("sign", [".", ","])
def test_groups_of_three_alone_are_refused_with_both_readings(read, sign):
    numbers = [f"1{sign}{n}" for n in (234, 240, 251)]
    with pytest.raises(DataError) as caught:
        read(priced(numbers)).load()
    for told in (f"prices such as '1{sign}234'", "1.234 (", "1 234 (", "data.format.decimal"):
        assert told in str(caught.value)
    word = {".": "point", ",": "comma"}[sign]
    other = {"point": "comma", "comma": "point"}[word]
    assert closes(read(priced(numbers), format={"thousands": word})) == [1234.0, 1240.0, 1251.0]
    assert closes(read(priced(numbers), format={"decimal": word})) == [1.234, 1.24, 1.251]
    assert closes(read(priced(numbers), format={"decimal": other})) == [1234.0, 1240.0, 1251.0]


def test_a_sign_that_another_column_proves(read):
    read = partial(read, quality=ANY_PRICE)
    thousands = ["1,234", "1,240", "1,251"]
    assert closes(read(priced(thousands, "1,234,567"))) == [1234.0, 1240.0, 1251.0]
    assert closes(read(priced(["1.234", "1.240", "1.251"], "1234567"))) == [1.234, 1.24, 1.251]
    assert volumes(read(priced(["1.196,31", "97,5", "98,1"], "101.723"))) == [101723.0] * 3
    assert volumes(read(priced(["97,53", "97,5", "98,1"], "101.723"))) == [101723.0] * 3
    assert volumes(read(priced(["97.53", "97.5", "98.1"], "101,723"))) == [101723.0] * 3
    assert volumes(read(priced(["97.53", "97.5", "98.1"], "1.234M"))) == [1_234_000.0] * 3
    assert volumes(read(priced(["97,53", "97,5", "98,1"], "1,234M"))) == [1_234_000.0] * 3


def test_the_order_of_high_and_low_tells_what_a_sign_is(read):
    rows = [f"{day};950;1.025;940;1.010;7" for day in DAYS[:5]]
    text = "\n".join([HEAD.replace(",", ";"), *rows])
    assert closes(read(text, quality=ANY_PRICE)) == [1010.0] * 5


@pytest.mark.parametrize(("price", "volume"), [("97.53", "648.127"), ("97,53", "648,127")])
def test_volumes_that_may_be_fractions_or_thousands_are_refused(read, price, volume):
    text = priced([price, price, price], volume)
    with pytest.raises(
        DataError, match=r"volumes such as '648.127' are 648\.127 .* or 648 127 .*volume_decimal"
    ):
        read(text).load()
    word = "point" if "." in volume else "comma"
    assert volumes(read(text, format={"volume_thousands": word})) == [648127.0] * 3
    assert volumes(read(text, format={"volume_decimal": word})) == [648.127] * 3
    # A group never begins with a zero, and a single one of four digits tells as well.
    assert volumes(
        read(priced([price] * 2, volume).replace(f"{volume}\n", volume[:1] + "0" + volume[1:] + "\n"))
    )


def test_several_currencies_and_volumes_in_money_are_refused(read):
    with pytest.raises(DataError, match=r"prices carry several signs, \$, €"):
        read(priced(["$97.5", "€98.5", "$99"])).load()
    with pytest.raises(DataError, match="prices carry several signs, none, %"):
        read(priced(["97.5%", "98.5", "99%"])).load()
    with pytest.raises(DataError, match=r"the volume is in \$, which is no number of shares"):
        read(priced(["97.5", "98.5", "99"], "$1.2M")).load()
    assert volumes(read(priced(["97.5", "98.5", "99"], "1.1M"))) == [1_100_000.0] * 3


# Columns.


def test_the_factor_of_an_adjusted_close_multiplies_the_other_prices(read):
    head = "Date,Open,High,Low,Close,Adj Close,Volume"
    text = f"{head}\n2021-01-04,100,110,90,105,52.5,10\n2021-01-05,101,111,91,106,106,10\n"
    frame = read(text).load().frame
    assert frame.row(0)[2:] == (50.0, 55.0, 45.0, 52.5, 10.0)
    assert frame.row(1)[2:] == (101.0, 111.0, 91.0, 106.0, 10.0)
    assert read(text, columns={"adjusted_close": None}).load().frame.row(0)[2:] == (
        100.0,
        110.0,
        90.0,
        105.0,
        10.0,
    )
    raw = read(text, "calendar=weekdays", "actions=columns", columns={"split": "Volume"})
    assert raw.layout.columns.adjusted_close is None
    with pytest.raises(ConfigError, match=r"'Adj Close' holds splits and dividends already"):
        read(
            text,
            "calendar=weekdays",
            "actions=columns",
            columns={"adjusted_close": "Adj Close", "split": "Volume"},
        )


def test_all_missing_columns_are_named_at_once(read):
    text = "Date,First,Highest price,Cheap,Close\n2021-01-04,1,2,1,2\n"
    with pytest.raises(DataError) as caught:
        read(text, columns={"open": "Opening", "volume": "Vol", "high": "Highest price"}).load()
    for told in (
        "columns 'Opening' and 'Vol' are missing",
        "no column is recognised as low",
        "Available: Date, First",
    ):
        assert told in str(caught.value)


def test_columns_that_stand_equally_well_are_refused_unless_they_are_alike(read):
    head = "Date,Open,High,Low,Close,Volume,Vol"
    with pytest.raises(
        DataError, match=r"volume may be 'Volume' \('5'\) or 'Vol' \('6'\); set data\.columns\.volume"
    ):
        read(f"{head}\n2021-01-04,1,2,1,2,5,6\n").load()
    assert volumes(read(f"{head}\n2021-01-04,1,2,1,2,5,5\n")) == [5.0]
    two = "Date,BidOpen,BidHigh,BidLow,BidClose,AskOpen,AskHigh,AskLow,AskClose\n2021-01-04,1,2,1,2,3,4,3,4\n"
    with pytest.raises(DataError, match="the prices may be 'BidOpen' to 'BidClose', 'AskOpen' to 'AskClose'"):
        read(two).load()
    one = two.replace(",AskOpen,AskHigh,AskLow,AskClose", "").replace(",3,4,3,4", "")
    assert closes(read(one)) == [2.0]


def test_a_column_is_what_it_holds_rather_than_what_it_is_called(read):
    rows = market(HOURS, 100.0)
    text = table(
        rows,
        lambda r: f"{r.at:%Y%m%d},{r.at:%H:%M:%S},{ohlc(r)},,",
        "Date,Timestamp,Open,High,Low,Close,Vol,",
    )
    source = read(text, "calendar=always_open", label="close")
    assert source.load().frame["ts"].to_list() == HOURS
    names = source.layout.columns
    assert (names.ts, names.time, names.volume) == (
        "Date",
        "Timestamp",
        None,
    )  # a volume that is always empty
    other = read(text.replace("Date,Timestamp", "A,B"), "calendar=always_open", label="close")
    assert other.load().frame["ts"].to_list() == HOURS  # only what they hold tells


@pytest.mark.parametrize(
    "between", ["", "----,----,---,---,-----,------", "yyyy-mm-dd,USD,USD,USD,USD,shares"]
)
def test_lines_between_the_names_and_the_rows(read, between):
    rows = [f"{r.at},{ohlc(r)},{r.volume}" for r in DAILY]
    source = read("\n".join(["A title", "", HEAD, between, *rows, ""]))
    assert closes(source) == [row.close for row in DAILY]
    assert volumes(source) == [row.volume for row in DAILY]
    assert source.layout.structure.names_line == 1 and source.layout.structure.tickers_line is None


def test_a_table_of_many_tickers_is_not_taken_for_one(read):
    rows = "".join(f"{day},{name},1,2,1,2\n" for day in DAYS[:4] for name in ("AAA", "BBB"))
    with pytest.raises(
        DataError, match=r"occurs more than once, and 'Paper' tells the rows apart; set data\.columns"
    ):
        read(f"Date,Paper,Open,High,Low,Close\n{rows}").load()
    frame = read(f"Date,Paper,Open,High,Low,Close\n{rows}", columns={"ticker": "Paper"}).load().frame
    assert frame["ticker"].unique().sort().to_list() == ["AAA", "BBB"]


@pytest.mark.parametrize("order", ["price first", "ticker first"])
@pytest.mark.parametrize("index", [True, False])
def test_names_in_two_lines_with_tickers(read, order, index):
    fields = [
        (price, ticker) for price in ("Close", "High", "Low", "Open", "Volume") for ticker in ("ABC", "XYZ")
    ]
    prices, tickers = (",".join(cells) for cells in zip(*fields, strict=True))
    first, second = (prices, tickers) if order == "price first" else (tickers, prices)
    lines = (
        [f"Price,{first}", f"Ticker,{second}", "Date" + "," * 10]
        if index
        else [f",{first}", f"Date,{second}"]
    )
    rows = [f"{day},{100 + n},50,{110 + n},60,{90 + n},40,{95 + n},45,7,8" for n, day in enumerate(DAYS[:6])]
    rows[2] = f"{DAYS[2]},102,,112,,92,,97,,7,"  # XYZ has no bar on this day
    frame = read("\n".join([*lines, *rows])).load().frame
    abc, xyz = (frame.filter(ticker=name) for name in ("ABC", "XYZ"))
    assert abc.select("open", "high", "low", "close", "volume").row(5) == (100.0, 115.0, 95.0, 105.0, 7.0)
    assert abc.height == 6 and xyz.height == 5
    assert xyz.select("open", "high", "low", "close", "volume").unique().rows() == [
        (45.0, 60.0, 40.0, 50.0, 8.0)
    ]


def test_a_file_without_names_whose_open_and_close_changed_places_is_refused(read):
    times = [HOURS[0] + timedelta(hours=n) for n in range(240)]
    rows = market(times, 100.0, seed=3)
    lines = [f"{int(r.at.timestamp())},{r.close},{r.high},{r.low},{r.open},{r.volume}" for r in rows]
    for some in (lines, lines[::-1]):
        with pytest.raises(DataError, match=r"column_2 follows on column_5 .* which one is the open"):
            read("\n".join(some), "calendar=always_open").load()
    lines = [f"{int(r.at.timestamp())},{r.open},{r.high},{r.low},{r.close},{r.volume}" for r in rows]
    for some in (lines, lines[::-1]):
        assert closes(read("\n".join(some), "calendar=always_open")) == [r.close for r in rows]


# Encodings, lines around the table.


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_encodings_are_told_by_the_bytes(read, encoding):
    text = "Datum;Eröffnung;Höchst;Tiefst;Schlusskurs\n" + "".join(f"{d};1;2;1;2\n" for d in DAYS)
    assert len(closes(read(text.encode(encoding)))) == len(DAYS)
    assert len(closes(read(gzip.compress(text.encode(encoding)), name="ABC.csv.gz"))) == len(DAYS)


def test_letters_of_a_ticker_are_not_guessed_at(read):
    raw = b"Date,Ticker,Open,High,Low,Close\n2021-01-04,\xc4BC,1,2,1,2\n"
    with pytest.raises(
        ConfigError, match=r"ticker is 'ÄBC' in cp1252 or 'ДBC' in cp1251; set data\.format\.encoding"
    ):
        read(raw).load()
    assert read(raw, format={"encoding": "cp1251"}).load().frame["ticker"].to_list() == ["ДBC"]
    with pytest.raises(ConfigError, match=r"data\.format\.encoding: there is no encoding 'utf-99'"):
        read(raw, format={"encoding": "utf-99"}).load()
    assert codecs.lookup("cp1251")


def test_lines_above_and_below_the_table(read):
    above = ["# made by a program", "", "Instrument: ABC, of 2021", "x" * 300]
    for sign in ",;\t|":
        head = HEAD.replace(",", sign)
        rows = [sign.join([str(r.at), *map(str, r.values)]) for r in DAILY]
        text = "\n".join([*above, head, *rows, "", "Total of rows: 43", "(c) a vendor", ""])
        source = read(text)
        assert closes(source) == [row.close for row in DAILY]
        assert source.layout.structure.skip_lines == 4 and source.layout.structure.footer_lines == 2
    text = "\n".join([HEAD.replace(",", "~"), *(f"{r.at}~{ohlc(r).replace(',', '~')}~7" for r in DAILY)])
    with pytest.raises(DataError, match="no line holds a time and numbers"):
        read(text).load()
    assert len(closes(read(text, format={"delimiter": "~"}))) == len(DAILY)


def test_a_folder_holds_files_of_one_layout_and_its_files_tell_the_date_together(read, tmp_path, csv):
    folder = tmp_path / "folder"
    folder.mkdir()
    early, late = ([d for d in DAYS if (d.day <= 12) == first] for first in (True, False))
    (folder / "AAA.csv").write_text(dated("%d/%m/%Y", early))
    (folder / "BBB.csv").write_text(dated("%d/%m/%Y", late))
    frame = csv(folder, "calendar=weekdays").load().frame
    assert [t.date() for t in frame.filter(ticker="AAA")["ts"]] == early
    (folder / "CCC.csv").write_text(dated("%d/%m/%Y", late, ";"))
    with pytest.raises(DataError, match=r"CCC\.csv: delimiter is semicolon, that of AAA\.csv is comma"):
        csv(folder, "calendar=weekdays").load()


# Length of the bars, and identity.


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 240])
def test_the_length_of_the_bars(read, minutes):
    times = [HOURS[0] + timedelta(minutes=minutes * n) for n in range(40) if n != 7]
    text = table(
        market(times, 100.0), lambda r: f"{r.at:%Y-%m-%dT%H:%M:%SZ},{ohlc(r)}", "time,open,high,low,close"
    )
    source = read(text, "calendar=always_open")
    assert source.layout.bar_minutes == minutes
    assert source.load().frame["ts"].to_list() == [at + timedelta(minutes=minutes) for at in times]


def test_bars_of_uneven_length_or_longer_than_a_session_are_refused(read):
    uneven = [HOURS[0].replace(minute=30), *HOURS[1:]]
    text = table(
        market(uneven, 100.0), lambda r: f"{r.at:%Y-%m-%dT%H:%M:%SZ},{ohlc(r)}", "time,open,high,low,close"
    )
    with pytest.raises(
        DataError, match=r"most bars lie 60 minutes apart, some only 30; set data\.bar_minutes"
    ):
        read(text, "calendar=always_open").load()
    weekly = table(market(DAYS[::5], 100.0), lambda r: f"{r.at},{ohlc(r)}", "date,open,high,low,close")
    with pytest.raises(DataError, match=r"lie 7 days or more apart.*set data\.bar_minutes=null"):
        read(weekly).load()
    assert len(closes(read(weekly, bar_minutes=None))) == len(DAYS[::5])


def test_settings_that_are_given_and_settings_that_are_recognised_are_one_identity(read):
    text = dated("%d/%m/%Y", DAYS)
    source = read(text)
    given = source.layout.settings()
    again = read(text, **given)
    assert again.recognised.why == () and again.layout == source.layout
    assert again.fingerprint() == source.fingerprint()
    assert again.load().frame.equals(source.load().frame)
    other = read(text, **(given | {"columns": given["columns"] | {"open": "Close"}}))
    assert other.fingerprint() != source.fingerprint()
    # The same rows in another layout are another content, and the settings stand beside it.
    assert read(dated("%m/%d/%Y", DAYS)).fingerprint()["columns"]["ts_format"] == "%m/%d/%Y"
