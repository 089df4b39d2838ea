"""The CSV source: the same bars as from Parquet, whatever the times look like."""

import gzip

import polars as pl
import pytest

from ploutos.types import ConfigError, DataError

FORMATS = {
    "zulu": "%Y-%m-%dT%H:%M:%SZ",
    "offset": "%Y-%m-%d %H:%M:%S+00:00",
    "short offset": "%Y-%m-%d %H:%M+0000",
    "naive": "%Y-%m-%d %H:%M:%S",
    "minutes": "%Y-%m-%dT%H:%M",
    "fractions": "%Y-%m-%d %H:%M:%S.000",
}


ROW = b"2024-01-02,AAA,3,4,2,3,7\n"


def as_text(frame, format):
    return frame.with_columns(pl.col("ts").dt.strftime(format))


@pytest.fixture
def expected(tmp_path, clean, parquet):
    path = tmp_path / "expected.parquet"
    clean.write_parquet(path)
    return parquet(path).load().frame


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS.keys())
def test_iso_times(tmp_path, clean, csv, expected, format):
    path = tmp_path / "bars.csv"
    as_text(clean, format).write_csv(path)
    assert csv(path).load().frame.equals(expected)


def test_times_in_the_input_timezone_and_offsets_that_change(tmp_path, clean, csv, expected):
    local = clean.with_columns(pl.col("ts").dt.convert_time_zone("America/New_York"))
    path = tmp_path / "bars.csv"
    as_text(local, "%Y-%m-%d %H:%M:%S").write_csv(path)
    assert csv(path, input_timezone="America/New_York").load().frame.equals(expected)
    as_text(local, "%Y-%m-%d %H:%M:%S%:z").write_csv(path)
    summer = "2024-07-03 10:00:00-04:00,AAA,1,1,1,1,1\n"
    path.write_text(path.read_text() + summer)
    frame = csv(path).load().frame
    assert frame.filter(pl.col("ts").dt.year() == 2024, pl.col("ts").dt.month() == 1).equals(expected)
    assert frame.filter(pl.col("ts").dt.month() == 7)["ts"].dt.hour().to_list() == [15]


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("2024-01-02", {}),
        ("20240102", {}),
        ("2024-01-02 00:00:00", {}),
        ("2024-01-02 00:00:00-05:00", {}),
        ("2024-01-02T00:00:00Z", {}),
        ("01/02/2024", {"columns": {"ts_format": "%m/%d/%Y"}}),
        ("02.01.2024", {"columns": {"ts_format": "%d.%m.%Y"}}),
        ("02/01/2024 16:00", {"columns": {"ts_format": "%d/%m/%Y %H:%M"}, "input_timezone": "US/Eastern"}),
    ],
)
def test_daily_rows(tmp_path, csv, text, settings):
    path = tmp_path / "bars.csv"
    path.write_text(f"ts,ticker,open,high,low,close,volume\n{text},AAA,1,2,1,2,5\n")
    label = "close" if "16:00" in text else "open"
    frame = csv(path, bar_minutes=None, label=label, **settings).load().frame
    assert [t.isoformat() for t in frame["ts"]] == ["2024-01-02T21:00:00+00:00"]


def test_american_dates_are_not_guessed_at(tmp_path, csv):
    path = tmp_path / "bars.csv"
    path.write_text("ts,ticker,open,high,low,close,volume\n01/02/2024,AAA,1,2,1,2,5\n")
    with pytest.raises(
        DataError, match=r"ts is '01/02/2024' in row 1: 2024-01-02 .* or 2024-02-01 .* set data"
    ):
        csv(path, bar_minutes=None).load()
    with pytest.raises(
        DataError, match=r"ts is '01/02/2024' in row 1, must be an ISO date.* set data\.columns"
    ):
        csv(path, bar_minutes=None, columns={"ts_format": None}).load()


def test_times_with_and_without_a_zone_do_not_go_together(tmp_path, clean, csv):
    path = tmp_path / "bars.csv"
    both = [as_text(clean[:9], "%Y-%m-%dT%H:%M:%SZ"), as_text(clean[9:], "%Y-%m-%dT%H:%M:%S")]
    pl.concat(both).write_csv(path)
    with pytest.raises(DataError, match="some times carry a zone, as '2024-01-03T14:00:00Z', and some do"):
        csv(path).load()
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, frame in zip("AB", both, strict=True):
        frame.write_csv(folder / f"{name}.csv")
    with pytest.raises(
        DataError, match="folder: ts: some times carry a zone, as '2024-01-03T14:00:00Z', and"
    ):
        csv(folder).load()
    settings = csv(folder / "A.csv").layout.settings()
    with pytest.raises(DataError, match=r"B\.csv: its times have no zone, those of A\.csv have UTC"):
        csv(folder, **settings).load()


@pytest.mark.parametrize("settings", [{}, {"columns": {"ts_format": None}}])
def test_a_time_that_cannot_be_read_is_refused_and_one_that_is_absent_is_told(tmp_path, clean, csv, settings):
    path = tmp_path / "bars.csv"
    text = as_text(clean, "%Y-%m-%dT%H:%M:%SZ")

    def write(third):
        number = pl.int_range(pl.len())
        text.with_columns(ts=pl.when(number == 3).then(pl.lit(third)).otherwise("ts")).write_csv(path)

    for absent in ("", "NaT", "null", " - "):
        write(absent)
        bars = csv(path, **settings).load()
        assert bars.frame.height == 11
        (rule,) = [r for r in bars.quality["rules"] if r["rule"] == "missing_key"]
        assert (rule["count"], rule["action"]) == (1, "dropped")
    write("soon")
    with pytest.raises(
        DataError, match=r"bars\.csv: ts is 'soon' in row 4.*no known format of times fits it"
    ):
        csv(path, **settings).load()
    write("03/01/2024")
    with pytest.raises(DataError) as caught:
        csv(path, **settings).load()
    for told in ("ts is '03/01/2024' in row 4", "%m/%d/%Y reads 2024-03-01", "%d/%m/%Y reads 2024-01-03"):
        assert told in str(caught.value)


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "txt", "CSV"])
def test_a_folder_with_a_file_a_ticker(tmp_path, clean, csv, expected, ending):
    folder = tmp_path / "folder"
    folder.mkdir()
    for ticker in ("AAA", "BBB"):
        own = as_text(clean.filter(pl.col("ticker") == ticker).drop("ticker"), FORMATS["zulu"])
        content = own.write_csv().encode()
        (folder / f"{ticker}.{ending}").write_bytes(gzip.compress(content) if "gz" in ending else content)
    source = csv(folder, columns={"ticker": None})
    assert source.load().frame.equals(expected)
    assert csv(folder, columns={"ticker": None}, tickers=["AAA"]).load().frame.height == 6
    with pytest.raises(ConfigError, match="Nearest: 'AAA'"):
        csv(folder, columns={"ticker": None}, tickers=["AA"]).load()


def test_tickers_that_look_like_something_else_stay_text(tmp_path, clean, csv):
    path = tmp_path / "bars.csv"
    odd = clean.with_columns(
        ticker=pl.when(pl.col("ticker") == "AAA").then(pl.lit("0700")).otherwise(pl.lit("TRUE"))
    )
    as_text(odd, FORMATS["zulu"]).write_csv(path)
    assert csv(path).load().frame["ticker"].unique().sort().to_list() == ["0700", "TRUE"]
    as_text(odd.with_columns(ticker=pl.lit("NA")), FORMATS["zulu"])[:9].write_csv(path)
    assert csv(path).load().frame["ticker"].unique().to_list() == ["NA"]


def test_numbers_that_are_none_are_masked_and_words_are_refused(tmp_path, clean, csv):
    path = tmp_path / "bars.csv"
    lines = as_text(clean, FORMATS["zulu"]).write_csv().splitlines()
    lines[4] = lines[4].replace(",104.0,", ",null,")
    lines[5] = lines[5].replace(",105.0,", ",,")
    path.write_text("\n".join(lines))
    assert csv(path).load().frame.height == 10
    lines[6] = lines[6].replace(",1000.0", ',"1,000"')
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"bars\.csv: volume is '1,000' in row 6, must be a number"):
        csv(path).load()
    lines[6] = lines[6].replace('"1,000"', "many")
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"bars\.csv: volume is 'many' in row 6, must be a number"):
        csv(path).load()


def test_integers_that_turn_into_fractions_late_in_the_file(tmp_path, clean, csv):
    path = tmp_path / "bars.csv"
    header = "ts,ticker,open,high,low,close,volume\n"
    rows = [f"2024-01-03T{15 + h}:00:00Z,T{n:05},1,1,1,1,1\n" for n in range(6000) for h in range(2)]
    rows.append("2024-01-03T17:00:00Z,T05999,1.25,1.5,1,1.5,0.5\n")
    path.write_text(header + "".join(rows))
    frame = csv(path).load().frame
    assert frame.height == 12_001 and frame.row(-1)[2:] == (1.25, 1.5, 1.0, 1.5, 0.5)


def test_fingerprint_follows_content_settings_and_the_kind(tmp_path, clean, csv, parquet):
    path, copy = tmp_path / "bars.csv", tmp_path / "copy.txt"
    as_text(clean, FORMATS["zulu"]).write_csv(path)
    copy.write_bytes(path.read_bytes())
    before = csv(path).fingerprint()
    assert csv(copy).fingerprint() == before != parquet(path).fingerprint()
    assert csv(path, label="close").fingerprint() != before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as CSV: empty file"),
        (b"ts,ticker,open,high,low,close,volume\n", "has no rows"),
        (
            b"ts,ticker,open,high,low,close,volume\n" + 5 * ROW + b"2024-01-02,2,3,4,5,6,7,8\n",
            "row 6 has more",
        ),
        (
            b"ts,ticker,open,high,low,close,volume\n2024-01-02,\xff\xfe,3,4,5,6,7\n",
            "set data.format.encoding",
        ),
        (
            b"ts,ticker,open,high,low,close,volume\n1,2,3,4,5,6,7\n",
            "ts is '1' in row 1, which no known format",
        ),
        (b"ts,ticker,open,high,low,close,volume\n", "has no rows"),
        (b"ts;ticker;open\n", "no column is recognised as high, low and close: name them in data.columns"),
        (b"ts,open,high,low,close\n2024-01-02,1,50,2,50,1,50,1,50\n", "a decimal comma without quotes?"),
        (b"\x1f\x8bnot gzip", "cannot be read as CSV: "),
    ],
)
def test_unreadable_files(tmp_path, csv, content, message):
    path = tmp_path / "bars.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        csv(path).load()
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_missing_file_names_the_nearest_of_its_kind(tmp_path, clean, csv):
    (tmp_path / "daily.csv").touch()
    (tmp_path / "dailly.parquet").touch()
    with pytest.raises(DataError, match=r"does not exist\. Nearest: '.*daily\.csv'"):
        csv(tmp_path / "dailly.csv").load()
    with pytest.raises(DataError, match=r"holds no file that ends in \.csv"):
        (tmp_path / "empty").mkdir()
        csv(tmp_path / "empty").load()
