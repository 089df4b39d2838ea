"""The macro sources: files, the embedded market, none; a day's close is on none of its bars."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from omegaconf.errors import InterpolationKeyError
from pydantic import ValidationError

from ploutos.types import ConfigError, DataError

VIX = "vix_daily_cboe_1990_2026.parquet"
INDEX = "macro_index_daily_yahoo_open_close.parquet"


def _close_times(bars):
    return np.unique(bars.frame["ts"].dt.timestamp("us").to_numpy())


@pytest.fixture
def folder(tmp_path):
    days = pl.date_range(date(2024, 1, 1), date(2024, 3, 31), eager=True)
    rng = np.random.default_rng(0)
    level = 20 * np.exp(0.02 * rng.standard_normal(len(days)))
    series = pl.DataFrame({"date": days, "close": level})
    series.write_parquet(tmp_path / VIX)
    pl.concat([series.with_columns(series=pl.lit(name)) for name in ("TNX", "DXY")]).write_parquet(
        tmp_path / INDEX
    )
    (tmp_path / "bars.parquet").touch()
    return tmp_path


@pytest.fixture
def macro(folder, composed):
    def build(*overrides):
        return composed("parquet", "parquet", f"data.path={folder / 'bars.parquet'}", *overrides)[1]

    return build


def _refused(source):
    with pytest.raises(DataError) as caught:
        source.load()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_levels_come_from_the_folder_of_the_bars(folder, macro):
    levels = macro().load()
    assert levels.columns == ["available_at", "vix", "tnx", "dxy"]
    assert levels["available_at"].dtype == pl.Datetime("us", "UTC")
    assert levels["available_at"].is_sorted()
    assert levels["available_at"].n_unique() == levels.height == 91
    assert macro(f"macro.folder={folder}").load().equals(levels)
    assert macro("macro.tnx=null").load().columns == ["available_at", "vix", "dxy"]


def test_days_without_a_value_are_left_out_and_others_stay(folder, macro):
    frame = pl.read_parquet(folder / VIX)
    holes = frame.with_row_index("row").with_columns(
        close=pl.when(pl.col("row") == 5)
        .then(None)
        .when(pl.col("row") == 6)
        .then(float("nan"))
        .otherwise("close")
    )
    holes.write_parquet(folder / VIX)
    levels = macro().load()
    assert levels["vix"].null_count() == 2
    assert levels["dxy"].null_count() == 0
    assert not levels["vix"].is_nan().any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.clear(), "has no rows"),
        (lambda f: f.rename({"close": "closes"}), "column 'close' is missing. Nearest: 'closes'."),
        (lambda f: pl.concat([f, f[3:4]]), "vix on 2024-01-04: this date occurs more than once"),
        (
            lambda f: f.with_columns(close=pl.lit(0.0)),
            "vix on 2024-01-01: value is 0, must be finite and positive",
        ),
        (
            lambda f: f.with_columns(close=pl.lit(float("inf"))),
            "vix on 2024-01-01: value is inf, must be finite",
        ),
        (lambda f: f.with_columns(close=pl.lit(None, pl.Float64)), "vix: column 'close' has no values"),
        (lambda f: f.with_columns(close=pl.lit("a")), "column 'close' has type String, must be a number"),
        (lambda f: f.with_columns(date=pl.lit("a")), "column 'date' has type String, must be a date"),
        (lambda f: f.with_columns(date=pl.lit(None, pl.Date)), "column 'date' has an empty date"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(folder, macro, change, message):
    change(pl.read_parquet(folder / VIX)).write_parquet(folder / VIX)
    refused = _refused(macro())
    assert refused.startswith(f"{folder / VIX}")
    assert message in refused


def test_missing_file_and_missing_series_name_the_nearest(macro):
    assert "Nearest: " in _refused(macro("macro.vix.file=vix_daily.parquet"))
    assert "unknown value 'DYX'. Nearest: 'DXY'." in _refused(macro("macro.dxy.filter_value=DYX"))


def test_contradictory_settings_are_refused(macro):
    with pytest.raises(ConfigError, match="use macro=none"):
        macro("macro.vix=null", "macro.tnx=null", "macro.dxy=null")
    with pytest.raises(ConfigError, match="set both or neither"):
        macro("macro.tnx.filter_value=null")
    for override in (
        "macro.publication_lag_days=0",
        "macro.columns.z_min_sessions=300",
        "macro.columns.z_clip=0",
    ):
        with pytest.raises(ValidationError):
            macro(override)


def test_fingerprint_follows_content_and_settings(folder, macro):
    before = macro().fingerprint()
    assert macro().fingerprint() == before
    assert str(folder) not in str(before)
    assert macro("macro.columns.z_clip=4").fingerprint() != before
    pl.read_parquet(folder / VIX)[:-1].write_parquet(folder / VIX)
    assert macro().fingerprint() != before


def test_no_macro_has_no_columns(composed):
    _, source = composed("synthetic", "none")
    names, values = source.columns(np.arange(5))
    assert (names, values.shape) == ((), (5, 0))
    assert source.load().columns == ["available_at"]


@pytest.mark.parametrize("variant", ["synthetic", pytest.param("parquet", marks=pytest.mark.real_data)])
def test_a_close_of_day_d_is_on_no_bar_of_day_d(variant, composed, request):
    if variant == "parquet":
        file = request.getfixturevalue("real_data") / "ploutos_us_hourly_2020_2026_UTC.parquet"
        # All hours from 4 to 20, later than any session.
        data, source = composed("parquet", "parquet", f"data.path={file}", "data/calendar=always_open")
    else:
        data, source = composed("synthetic", "synthetic", "data.years=1")
    ts = _close_times(data.load())
    levels = source.load()
    local = levels.select(pl.col("available_at").dt.convert_time_zone("America/New_York")).to_series()
    # The shipped rule: published at midnight that begins the day after.
    assert (local.dt.hour() == 0).all()
    value_days = local.dt.offset_by("-1d").dt.date()
    row = np.searchsorted(levels["available_at"].dt.timestamp("us").to_numpy(), ts, side="right") - 1
    bar_starts = pl.Series(ts - 60 * 60_000_000).cast(pl.Datetime("us", "UTC"))
    bar_days = bar_starts.dt.convert_time_zone("America/New_York").dt.date()
    assert (value_days.gather(row.clip(0)).to_numpy()[row >= 0] < bar_days.to_numpy()[row >= 0]).all()


@pytest.mark.real_data
def test_real_values_of_a_day_appear_on_the_next_sessions_first_bar(real_data, composed):
    file = real_data / "ploutos_us_hourly_2020_2026_UTC.parquet"
    data, source = composed("parquet", "parquet", f"data.path={file}")
    ts = _close_times(data.load())
    names, values = source.columns(ts)
    assert np.isfinite(values).all()
    found = values[:, names.index("vix_change_1")]
    vix = pl.read_parquet(real_data / VIX).sort("date")
    closes = dict(vix.select("date", pl.col("close").log().diff()).iter_rows())
    days = sorted(closes)
    for i in range(0, len(ts), 97):
        day = (
            pl.Series(ts[i : i + 1])
            .cast(pl.Datetime("us", "UTC"))
            .dt.convert_time_zone("America/New_York")[0]
            .date()
        )
        latest = days[np.searchsorted(days, day) - 1]
        assert latest < day
        assert found[i] == pytest.approx(closes[latest], rel=1e-5, abs=1e-7)


def test_synthetic_vix_follows_the_hidden_regime_of_the_market(composed):
    data, source = composed("synthetic", "synthetic", "data.seed=4", "data.years=10")
    path, levels = data.simulate(), source.load()
    regime = path.regime[::6]
    assert levels.height == len(regime)
    vix = levels["vix"].to_numpy()
    means = [vix[regime == state].mean() for state in range(3)]
    assert means[0] < means[1] < means[2]
    assert 10 < means[0] < means[2] < 45
    assert levels.select(pl.col("vix", "tnx", "dxy").is_finite().all()).row(0) == (True, True, True)
    assert source.load().equals(levels)
    shorter = composed("synthetic", "synthetic", "data.seed=4", "data.years=2")[1].load()
    assert levels[: shorter.height].equals(shorter)


def test_synthetic_macro_needs_the_synthetic_market(composed):
    with pytest.raises(InterpolationKeyError, match=r"data\.seed"):
        composed("parquet", "synthetic", "data.path=x.parquet")
