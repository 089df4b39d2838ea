"""Findings of severity error on their way to studies: refused, told, accepted, recorded."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from commands import CHECKS, Call, run
from data_reports import one_line
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.data_errors import DataErrors
from ploutos.apps.parts import build
from ploutos.apps.recorded import _plain
from ploutos.types import ConfigError

WHERE = "AAA 2020-07-01"
COMMON = [
    "name=raw",
    "data=csv",
    "data.bar_minutes=null",
    "data/calendar=weekdays",
    "macro=none",
    "agent=buy_and_hold",
    "ensemble=mean",
    "env/action=target_weights",
    "split.first_test=2020-01-01",
    "split.test_months=6",
    "split.n_folds=2",
    "split.min_train_bars=200",
]


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of daily bars as traded; AAA splits 3:1 on 2020-07-01, and nobody says so."""
    days = [datetime(2018, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(3 * 365 + 100)]
    days = [day for day in days if day.weekday() < 5]
    frames = []
    for k, ticker in enumerate(("AAA", "BBB", "CCC")):
        rng = np.random.default_rng(k)
        close = 90 * np.exp(np.cumsum(0.01 * rng.standard_normal(len(days))))
        opens = close * np.exp(0.005 * rng.standard_normal(len(days)))
        bars = {"ts": [day.date() for day in days], "ticker": ticker, "open": opens, "close": close}
        frame = pl.DataFrame(bars).with_columns(
            high=pl.max_horizontal("open", "close") * 1.004,
            low=pl.min_horizontal("open", "close") / 1.004,
            volume=pl.Series(1e6 * np.exp(0.3 * rng.standard_normal(len(days)))),
        )
        frames.append(frame)
    split = (pl.col("ticker") == "AAA") & (pl.col("ts") >= pl.lit(datetime(2020, 7, 1).date()))
    cut = [
        pl.col(name) / pl.when(split).then(3.0).otherwise(1.0) for name in ("open", "high", "low", "close")
    ]
    path = tmp_path_factory.mktemp("raw") / "raw.csv"
    pl.concat(frames).with_columns(
        *cut, pl.col("volume") * pl.when(split).then(3.0).otherwise(1.0)
    ).write_csv(path)
    return path


def test_a_study_is_refused_before_anything_but_the_panel_is_written(ploutos: Call, prices: Path) -> None:
    arguments = ("study", *COMMON, f"data.path={prices}", "fold=0,1")
    for _ in range(2):  # the second time the panel is there
        one_line(
            ploutos(*arguments),
            "data.quality.on_error: refuse_kept: the data have 1 finding of severity error: undeclared_split",
            WHERE,
            "ratio 3:1",
            "data.columns.split",
            "data.quality.on_error=accept",
        )
        assert not Path("outputs").exists() and not Path("mlruns").exists()
        assert len([path for path in Path(".ploutos/panels").iterdir() if path.name[0] != "."]) == 1
    reported = ploutos("data", *COMMON[:5], f"data.path={prices}")
    assert reported.code == 0 and f"undeclared_split 1 times in 1 tickers, kept; {WHERE}" in reported.out
    assert len([path for path in Path(".ploutos/panels").iterdir() if path.name[0] != "."]) == 1


@pytest.mark.slow
def test_an_accepted_study_and_a_run_tell_what_they_stand_on(prices: Path, tmp_path: Path) -> None:
    accept = "data.quality.on_error=accept"
    for verb, more in (("study", [accept, "fold=0,1"]), ("train", ["fold=1"])):
        ended = run(verb, *COMMON, *CHECKS, f"data.path={prices}", *more, folder=tmp_path)
        assert ended.code == 0, ended.err
        assert ended.out.index("undeclared_split") < ended.out.index("trained")
        (file,) = tmp_path.glob(f"outputs/{verb}/raw/*/verdict.json")
        told = json.loads(file.read_text())
        assert [WHERE in warning for warning in told["warnings"]] == [True]
        assert ("accepted by" in told["warnings"][0]) == (verb == "study")
        record = told["data_errors"]
        assert record["accepted"] == (verb == "study")
        assert record["on_error"] == ("accept" if verb == "study" else "refuse_kept")
        assert [finding["rule"] for finding in record["findings"]] == ["undeclared_split"]
        page = file.with_name("report.html").read_text()
        assert page.index("undeclared_split") < page.index('class="tiles"')
    (file,) = tmp_path.glob("outputs/study/raw/*/verdict.json")
    again = run("validate", f"study={json.loads(file.read_text())['run_id']}", *CHECKS, folder=tmp_path)
    assert again.code == 0 and "undeclared_split" in again.out


def rule(name: str, action: str, count: int = 2, severity: str = "error") -> dict[str, object]:
    example = {"ticker": "AAA", "ts": "2020-01-02T21:00:00+00:00", "close": 3.0}
    found = {"rule": name, "severity": severity, "count": count, "tickers": 1, "action": action}
    return found | {"examples": [example] if count else [], "threshold": None}


def errors(on_error: str | None, *rules: dict[str, object]) -> DataErrors:
    data = {} if on_error is None else {"quality": {"on_error": on_error}}
    panel = SimpleNamespace(quality={"rules": list(rules)})
    return DataErrors.of(OmegaConf.create({"data": data}), panel)  # type: ignore[arg-type]


@pytest.mark.parametrize("on_error", ["refuse_kept", "refuse", "accept", None])
@pytest.mark.parametrize("action", ["kept", "masked", "repaired"])
def test_what_is_refused(on_error: str | None, action: str) -> None:
    other = [rule("gap", "kept", severity="warning"), rule("wick", "kept", count=0)]
    found = errors(on_error, *other, rule("spike", action))
    assert (
        len(found.lines()) == 1 and f"spike 2 times in 1 ticker, {action}; AAA 2020-01-02" in found.lines()[0]
    )
    assert found.accepted == (on_error == "accept")
    if on_error == "refuse" or (action == "kept" and on_error != "accept"):
        with pytest.raises(ConfigError, match="1 finding of severity error: spike"):
            found.refuse()
    else:
        found.refuse()
    errors(on_error, *other).refuse()
    assert errors(on_error, *other).lines() == () and not errors("accept", *other).accepted


def test_what_stays_in_the_data_comes_first() -> None:
    found = errors("refuse", rule("spike", "masked"), rule("undeclared_split", "kept"))
    assert [each["rule"] for each in found.findings] == ["undeclared_split", "spike"]
    assert found.tags() == {"ploutos.data_errors": "undeclared_split, spike; refuse"}


def test_accepting_errors_changes_no_panel_and_old_records_open(tmp_path: Path) -> None:
    (tmp_path / "some.parquet").touch()
    with initialize_config_dir(str(conf_dir())):
        node = compose("train", ["data=parquet", f"data.path={tmp_path / 'some.parquet'}"])
    OmegaConf.set_struct(node, False)
    made = [build(OmegaConf.merge(node.data, {"quality": {"on_error": it}})) for it in ("refuse", "accept")]
    assert made[0].preparation.fingerprint() == made[1].preparation.fingerprint()
    plain = OmegaConf.create({"data": OmegaConf.to_container(node.data, resolve=True)})
    for key in ("on_error", "split_mismatch"):  # as recorded before there were such keys
        plain.data.quality.pop(key)
    assert build(_plain(plain).data).preparation.fingerprint() == made[0].preparation.fingerprint()


@pytest.mark.real_data
def test_the_file_of_the_shipped_experiment_has_no_error(real_data: Path) -> None:
    with initialize_config_dir(str(conf_dir())):
        path = real_data / "ploutos_us_hourly_2020_2026_UTC.parquet"
        config = compose("study", ["experiment=hourly_us", f"data.path={path}"], return_hydra_config=False)
    bars = build(config.data).load()
    assert DataErrors.of(config, SimpleNamespace(quality=bars.quality)).findings == ()  # type: ignore[arg-type]
