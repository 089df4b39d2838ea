"""What a source reads from files is changed at the door, so that hindsight in its own reading shows."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from audit_market import names
from hydra import compose, initialize_config_dir

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build
from ploutos.audit.files import changed_files, row_times
from ploutos.audit.macro import audit_macro
from ploutos.audit.source import audit_source
from ploutos.types.session import SessionClock

DAY = 86_400_000_000


class Daily:
    """A macro source without `load`: it reads values dated by day and says itself when they are known."""

    def __init__(self, path, kind):
        self.path, self.kind = path, kind

    def columns(self, ts):
        csv = self.kind == "csv"
        table = pl.read_csv(self.path, try_parse_dates=True) if csv else pl.read_parquet(self.path)
        value = table["vix"].to_numpy()
        day = table["date"].cast(pl.Datetime("us")).dt.timestamp("us").to_numpy()
        if self.kind == "next value":
            value = np.append(value[1:], value[-1:])
        if self.kind == "standardised":
            value = (value - value.mean()) / value.std()
        known = day + (0 if self.kind == "same day" else DAY + 5 * DAY // 24)
        row = np.searchsorted(known, ts, side="right") - 1
        return ("vix_level",), np.where(row >= 0, value[row], 0.0).astype(np.float32)[:, None]


@pytest.fixture(scope="module")
def vix(small, tmp_path_factory):
    days = np.unique(small.panel.clock.dates(small.panel.ts))
    values = 20 + np.random.default_rng(0).normal(size=len(days)).cumsum() * 0.1
    table = pl.DataFrame({"date": pl.Series(days).cast(pl.Date), "vix": values})
    folder = tmp_path_factory.mktemp("files")
    table.write_parquet(folder / "vix.parquet")
    table.write_csv(folder / "vix.csv")
    return folder


@pytest.mark.parametrize("kind", ["honest", "csv", "next value", "standardised", "same day"])
def test_a_macro_source_that_reads_a_file(small, closes, vix, kind):
    path = vix / ("vix.csv" if kind == "csv" else "vix.parquet")
    ts, dates = small.panel.ts, small.panel.clock.dates(small.panel.ts).astype(np.int64)
    macro = Daily(path, kind)
    cuts = [101, 300, 900]
    section = audit_macro(macro, ts, closes, cuts, seed=0, again=lambda: Daily(path, kind), dates=dates)
    assert names(section) == (set() if kind in ("honest", "csv") else {"macro.vix_level"})
    assert not section.notes


class Prices:
    """A source of bars that reads a file when it is made, and may level it by its last price."""

    clock = SessionClock("UTC")

    def __init__(self, path, levelled):
        self.bars = pl.read_parquet(path)
        self.levelled = levelled

    def load(self):
        frame = self.bars
        if self.levelled:
            frame = frame.with_columns(close=pl.col("close") / pl.col("close").last().over("ticker"))
        return replace(self.like, frame=frame)


@pytest.mark.parametrize("levelled", [False, True])
def test_bars_that_are_levelled_by_their_last_price(small, tmp_path, levelled):
    small.bars.frame.write_parquet(tmp_path / "bars.parquet")
    Prices.like = replace(small.bars, signals=(), expected_return=None)
    again = lambda: Prices(tmp_path / "bars.parquet", levelled)  # noqa: E731
    section = audit_source(again, small.panel.ts, [100, 700], seed=0)
    assert names(section) == ({"data.close"} if levelled else set())
    assert section.comparisons == 4 and not section.notes


class Around:
    """A source around another one, which it smooths with the bar after."""

    def __init__(self, base):
        self.base = base
        self.clock = base.clock

    def load(self):
        bars = self.base.load()
        ahead = pl.col("volume").shift(-1).over("ticker").fill_null(pl.col("volume"))
        return replace(bars, frame=bars.frame.with_columns(volume=(pl.col("volume") + ahead) / 2))


def test_a_source_around_another_one(small):
    section = audit_source(lambda: Around(small.source_again()), small.panel.ts, [100, 700], seed=0)
    assert names(section) == {"data.volume"}
    assert section.findings[0].bars_ahead == 1
    shipped = audit_source(small.source_again, small.panel.ts, [100], seed=0)
    assert not shipped.findings and not shipped.notes and not shipped.comparisons


def test_the_door_is_closed_again_and_times_are_found(tmp_path):
    pl.DataFrame({"n": [1, 2]}).write_parquet(tmp_path / "plain.parquet")
    reader = pl.read_parquet
    with changed_files(0, "truncate", 0) as door:
        assert pl.scan_parquet(tmp_path / "plain.parquet").collect().height == 2 and not door.dated
        assert pl.read_parquet is not reader
    assert pl.read_parquet is reader
    texts = pl.DataFrame({"ticker": ["A", "B"], "Date": ["2020-01-02", "2020-01-03"]})
    assert row_times(texts).name == "Date"
    assert row_times(texts.select("ticker")) is None


def test_a_csv_file_in_any_layout_is_changed_at_the_door(tmp_path):
    """Dates and numbers that only the reader understands are changed all the same, and only after the cut."""
    rows = [
        f"{day:02}.01.2021;1.1{day:02},5;1.2{day:02},5;1.0{day:02},5;1.1{day:02},5;1.000"
        for day in range(4, 30)
    ]
    path = tmp_path / "ABC.csv"
    path.write_text("\n".join(["Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke", *rows]))

    def again():
        with initialize_config_dir(str(conf_dir())):
            config = compose("train", ["data=csv", "data/calendar=weekdays", f"data.path={path}"])
        return build(config.data)

    base = again().load().frame
    ts = base["ts"].dt.timestamp("us").to_numpy()
    section = audit_source(again, ts, [5, 10], seed=0)
    assert section.comparisons and not section.findings
    with changed_files(int(ts[10]), "scale", 0) as door:
        changed = again().load().frame
    assert door.dated == 1 and door.rows[0] > 0
    assert changed[:10].equals(base[:10])
    assert not changed[12:].equals(base[12:])
