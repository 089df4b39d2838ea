"""`ploutos audit`: exit codes, the report, a component of one's own, bad input."""

import json
from pathlib import Path

import pytest
from commands import TINY, Call, run

OWN = """
import polars as pl


class Mine:
    def __init__(self, *, base, ahead):
        self.base, self.ahead = base, ahead
        self.warmup_bars = base.warmup_bars

    def names(self, signals):
        return (*self.base.names(()), "mine", *signals)

    def compute(self, frame, signals):
        mine = (pl.col("close") / pl.col("close").shift(1)).log().shift(-self.ahead).over("ticker")
        own = frame.select(mine.cast(pl.Float32).alias("mine"))
        wide = pl.concat([self.base.compute(frame, signals), own], how="horizontal")
        return wide.select("ts", "ticker", *self.names(signals))

    def fingerprint(self):
        return {"mine": self.ahead, "base": self.base.fingerprint()}
"""
FEW = ["cuts=6", "whole_cuts=2", "glances=10"]
LIGHT = "components=[features,universe,slots,macro,regime,folds]"


def workplace(folder: Path) -> list[str]:
    (folder / "my_package").mkdir(parents=True)
    (folder / "my_package/__init__.py").touch()
    (folder / "my_package/mine.py").write_text(OWN)
    (folder / "my_conf/features").mkdir(parents=True)
    text = "defaults:\n  - core@base\n\n_target_: my_package.mine.Mine\nahead: 0\n"
    (folder / "my_conf/features/mine.yaml").write_text(text)
    return ["audit", "--config-dir", "my_conf", *TINY, *FEW, LIGHT, "features=mine"]


@pytest.mark.slow
def test_a_feature_of_ones_own_is_flagged_by_name(tmp_path: Path) -> None:
    words = workplace(tmp_path)
    trust = {"PYTHONPATH": ".", "PLOUTOS_TRUST": "my_package"}
    honest = run(*words, folder=tmp_path, **trust)
    assert honest.code == 0, honest.err
    assert "CLEAN" in honest.out
    leaking = run(*words, "features.ahead=1", folder=tmp_path, **trust)
    assert leaking.code == 1 and leaking.err == ""
    assert "LEAK: 1 output depends on what comes after it: features.mine" in leaking.out
    (row,) = [line for line in leaking.out.splitlines() if "features.mine " in line]
    assert row.endswith(">= 1 ") and "all 5" in row
    last = max(tmp_path.glob("outputs/audit/tiny/*/audit.json"), key=lambda file: file.stat().st_mtime)
    told = json.loads(last.read_text())
    (leak,) = told["leaks"]
    assert (leak["component"], leak["column"], leak["bars_ahead"]) == ("features", "mine", 1)
    assert leak["time"] <= leak["cut"] and not told["clean"]
    accepted = run(*words, "features.ahead=1", "accept=[features.mine]", folder=tmp_path, **trust)
    assert accepted.code == 0 and "(accepted)" in accepted.out


@pytest.mark.slow
def test_the_whole_of_a_small_config_is_clean(ploutos: Call) -> None:
    told = ploutos("audit", *TINY, *FEW)
    assert told.code == 0, told.out + told.err
    for name in ("features", "universe", "slots", "macro", "regime", "folds", "scaler", "policy", "action"):
        assert f" {name} " in told.out


@pytest.mark.slow
def test_few_cuts_need_nothing_else_said(ploutos: Call) -> None:
    """Three times, and so not the shipped eight of them on all rows."""
    told = ploutos("audit", *TINY, "cuts=3", "glances=3", "components=[features]")
    assert told.code == 0 and "CLEAN" in told.out, told


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("components=[feature]", "components: unknown value 'feature'. Nearest: 'features'."),
        ("cuts=0", "cuts: 0"),
        ("whole_cuts=9", "whole_cuts: 9"),
        ("cuts=many", "cuts: 'many' is not a whole number"),
        ("components=features", "components: 'features' is not a list; write 'components=[features]'"),
        ("components=[]", "components: the list is empty"),
        ("accept=macro.cpi", "accept: 'macro.cpi' is not a list"),
        ("quick_agent=3", "quick_agent: 3 is not a mapping"),
        ("glances=-1", "glances: -1"),
        ("fold=9", "fold: 9"),
    ],
)
def test_bad_input_ends_in_one_line(ploutos: Call, override: str, line: str) -> None:
    told = ploutos("audit", *TINY, *FEW, override)
    assert told.code == 2 and line in told.err
    assert len(told.err.strip().splitlines()) == 1
    assert not list(Path.cwd().glob("outputs"))
