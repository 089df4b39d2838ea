"""Everything that ships passes its own audit."""

from pathlib import Path

import pytest
from audit_market import ROLLOUT, audited, names

from ploutos.apps.conf_dir import conf_dir
from ploutos.audit.whole import COMPONENTS, Effort, sections

QUICK = Effort(cuts=20, whole_cuts=6, glances=40, seed=1)
TOP = (
    "universe.top_k=3",
    "universe.momentum_sessions=40",
    "universe.volatility_sessions=20",
    "universe.dollar_volume_sessions=20",
    "universe.min_dollar_volume=0",
)


def variants(group: str) -> list[str]:
    return sorted(file.stem for file in (conf_dir() / group).glob("*.yaml"))


OFFLINE_MACRO = sorted({"none", "synthetic"} & set(variants("macro")))


def require_clean(folder: Path, components: list[str], *overrides: str) -> None:
    found = list(sections(audited(folder, *overrides), QUICK, components))
    for section in found:
        assert not names(section), section.findings[:3]
        assert not section.notes, section.notes
    assert sum(section.comparisons for section in found) > 0


@pytest.mark.parametrize("variant", variants("features"))
def test_features(folder, variant):
    require_clean(folder, ["features"], f"features={variant}")


@pytest.mark.parametrize("variant", variants("universe"))
def test_universe_and_its_slots(folder, variant):
    require_clean(folder, ["universe", "slots"], f"universe={variant}", *(TOP if "top_k" in variant else ()))


@pytest.mark.parametrize("variant", OFFLINE_MACRO)
def test_macro(folder, variant):
    it = audited(folder, f"macro={variant}")
    (section,) = sections(it, QUICK, ["macro"])
    assert not section.findings and not section.notes
    assert (section.comparisons > 0) == (variant != "none")


@pytest.mark.slow
@pytest.mark.parametrize("variant", sorted(set(variants("regime")) - {"none"}))
def test_regime(folder, variant):
    require_clean(folder, ["regime"], f"regime={variant}", "regime.starts=1", "regime.max_states=2")


@pytest.mark.slow
@pytest.mark.parametrize("variant", variants("agent"))
def test_agent(folder, variant):
    """Together with what stands before it: everything at once."""
    require_clean(
        folder, list(COMPONENTS), f"agent={variant}", *(ROLLOUT if variant == "recurrent_ppo" else ())
    )


@pytest.mark.slow
@pytest.mark.real_data
def test_real_bars_macro_and_universe(folder, real_data):
    require_clean(
        folder,
        ["data", "features", "universe", "slots", "macro", "folds"],
        "data=parquet",
        f"data.path={real_data / 'ploutos_us_hourly_2020_2026_UTC.parquet'}",
        "macro=parquet",
        "universe=momentum_top_k",
        "split.first_test=2022-01-01",
    )
