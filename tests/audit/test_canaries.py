"""Every component that sees the future is flagged by name, and its honest twin is not."""

from dataclasses import replace

import leaky
import leaky_rare
import numpy as np
import polars as pl
import pytest
from audit_market import cuts_of, data_of, names
from hydra import compose, initialize_config_dir

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build
from ploutos.audit.cuts import choose_cuts
from ploutos.audit.features import audit_features
from ploutos.audit.folds import audit_folds
from ploutos.audit.macro import audit_macro
from ploutos.audit.perturb import KINDS
from ploutos.audit.policy import PolicyAudit
from ploutos.audit.regime import audit_regime
from ploutos.audit.universe import audit_slots, audit_universe
from ploutos.panel.slots import assign_slots
from ploutos.types import Window


@pytest.mark.parametrize("name", leaky.FEATURES)
def test_a_feature_is_flagged_and_the_honest_column_beside_it_is_not(small, name):
    cuts = cuts_of(len(small.panel.ts))
    section = audit_features(leaky.FEATURES[name], data_of(small), cuts, whole=4, seed=0)
    assert names(section) == {f"features.{name}"}
    (finding,) = section.findings
    assert finding.time is not None and finding.cut is not None and finding.time <= finding.cut
    assert not section.notes


@pytest.mark.parametrize(("name", "ahead"), [("next_return", 1), ("centred", 3)])
def test_a_stretch_around_the_cut_finds_a_window_that_looks_ahead(small, name, ahead):
    cuts = cuts_of(len(small.panel.ts))
    section = audit_features(leaky.FEATURES[name], data_of(small), cuts, whole=0, seed=0)
    (finding,) = section.findings
    assert finding.bars_ahead == ahead
    assert set(finding.perturbation.split("+")) == set(KINDS)


def test_leaks_at_few_bars_of_few_names_in_few_bits(small):
    rows = choose_cuts(small.panel, 240, 0)
    section = audit_features(leaky_rare.Rare(), data_of(small), rows[:40], whole=4, seed=0, glances=rows[40:])
    assert names(section) == {f"features.{name}" for name in (*leaky_rare.RARE, "next_rank")}


def test_only_whole_samples_show_a_far_look_ahead(small):
    cuts = cuts_of(len(small.panel.ts))
    (finding,) = audit_features(leaky.FEATURES["of_maximum"], data_of(small), cuts, whole=2, seed=0).findings
    assert finding.bars_ahead is not None and finding.bars_ahead >= cuts[0]


def test_a_universe_that_knows_the_quarters_winners(small):
    section = audit_universe(leaky.QuarterWinners(2), data_of(small), cuts_of(len(small.panel.ts)), seed=0)
    assert section.findings and {f.component for f in section.findings} == {"universe"}
    assert {f.column for f in section.findings} <= set(small.panel.tickers)


@pytest.mark.parametrize("kind", ["survivors", "next bar"])
def test_a_universe_that_knows_who_stays_or_ranks_with_the_next_bar(small, kind):
    cuts = cuts_of(len(small.panel.ts), 4)
    section = audit_universe(leaky_rare.KeptFromEnd(kind), data_of(small), cuts, seed=0, most=24)
    assert section.findings
    assert kind == "survivors" or {finding.bars_ahead for finding in section.findings} == {1}


def test_slots_that_are_kept_for_later_members(small):
    rng = np.random.default_rng(0)
    wanted = rng.random((200, 6)) < 0.97
    wanted[:100, 3] = False
    never = np.full(6, -1, np.int32)

    def hindsight(wanted, traded, delist_bar, slots):
        order = np.argsort(-wanted.sum(axis=0), kind="stable")
        return np.where(wanted, order, -1).astype(np.int32)

    given = (wanted, np.ones_like(wanted), never, np.arange(200), None, [50, 99, 120])
    assert names(audit_slots(*given, seed=0, assign=hindsight))
    assert not names(audit_slots(*given, seed=0, assign=assign_slots))


@pytest.mark.parametrize("kind", ["back-filled", "early"])
def test_a_macro_source_that_wraps_another(small, closes, kind):
    macro = leaky.BackFilled(small.macro) if kind == "back-filled" else leaky.Early(small.macro)
    section = audit_macro(macro, small.panel.ts, closes, cuts_of(len(small.panel.ts)), seed=0)
    flagged = {finding.column for finding in section.findings}
    assert {"vix_known" if kind == "back-filled" else "vix_z"} <= flagged


def test_a_macro_source_that_extends_another(small, closes):
    class Extended(type(small.macro)):
        def load(self):
            return leaky.Early.load(type("Base", (), {"base": super()})())

    macro = object.__new__(Extended)
    vars(macro).update(vars(small.macro))
    section = audit_macro(macro, small.panel.ts, closes, cuts_of(len(small.panel.ts)), seed=0)
    assert "macro.vix_z" in names(section)


def test_a_source_that_fills_holes_from_the_next_value(small, closes):
    class Holes(leaky.Early):
        def load(self):
            levels = self.base.load()
            return levels.with_columns(vix=pl.when(pl.int_range(pl.len()) == 77).then(None).otherwise("vix"))

    class Filled(leaky.Early):
        def load(self):
            return self.base.load().with_columns(pl.col("vix").fill_null(strategy="backward"))

    ts = small.panel.ts
    assert not audit_macro(Holes(small.macro), ts, closes, [9], seed=0).findings
    assert "macro.vix_z" in names(audit_macro(Filled(Holes(small.macro)), ts, closes, [9], seed=0))


def test_a_macro_source_without_publication_lag(small, closes):
    dates = np.unique(small.panel.clock.dates(small.panel.ts))
    macro = leaky.SameDay(small.macro, dates)
    section = audit_macro(macro, small.panel.ts, closes, cuts_of(len(small.panel.ts)), seed=0)
    assert names(section) == {"macro.vix"}
    assert section.findings[0].perturbation == "available_at"


def test_a_source_whose_own_file_was_filled_backwards(small, closes):
    class Filled(leaky.Early):
        def load(self):
            levels = self.base.load()
            first = levels["vix"][40]
            return levels.with_columns(vix=np.where(np.arange(len(levels)) < 40, first, levels["vix"]))

    section = audit_macro(Filled(small.macro), small.panel.ts, closes, [300], seed=0)
    assert "macro.vix" in names(section)


@pytest.mark.parametrize(
    ("everything", "smoothed", "flagged"),
    [
        (False, False, set()),
        (False, True, {"regime.regime_calm", "regime.regime_wild"}),
        (True, False, {"regime.means", "regime.moves"}),
    ],
    ids=["honest", "smoothed", "fitted on everything"],
)
@pytest.mark.filterwarnings("ignore")
def test_a_regime(small, everything, smoothed, flagged):
    train = small.fold.train.rows(small.panel.ts)
    regime = leaky.Whole(everything=everything, smoothed=smoothed)
    section = audit_regime(regime, small.panel, train, cuts_of(len(small.panel.ts), 3), seed=0)
    assert names(section) >= flagged and bool(names(section)) == bool(flagged)
    assert section.comparisons and not section.notes


@pytest.mark.filterwarnings("ignore")
def test_a_regime_that_keeps_the_panel_on_which_it_was_made(small):
    train = small.fold.train.rows(small.panel.ts)
    regime = leaky.Kept(everything=False, smoothed=False)
    section = audit_regime(regime, small.panel, train, [train.stop + 60], seed=0)
    assert {"regime.regime_calm", "regime.regime_wild"} <= names(section)


def policy_sections(small, agent, *, acts=True):
    test = small.fold.test.rows(small.panel.ts)
    audit = PolicyAudit(
        agent=agent,
        environment=small.environment,
        panel=small.panel,
        train=small.fold.train.rows(small.panel.ts),
        seed=0,
    )
    return {section.component: section for section in audit.sections([test.start + 60] if acts else [])}


def test_a_scaler_that_was_fitted_on_everything(small):
    found = policy_sections(small, leaky.ScaledOnAll(True), acts=False)
    assert {"scaler.scaler.center", "scaler.scaler.scale"} <= names(found["scaler"])
    found = policy_sections(small, leaky.ScaledOnAll(False), acts=False)
    assert not any(names(section) for section in found.values())
    assert found["scaler"].columns == 3


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("name", ["direct_policy_gradient", "ppo", "recurrent_ppo"])
def test_a_training_that_reads_all_rows(small, name, everything):
    """One update, as `ploutos audit` trains; the scaler reads the training window alone."""
    with initialize_config_dir(str(conf_dir())):
        quick = dict(compose("audit").quick_agent)
        config = compose("train", [f"agent={name}", "env.num_envs=8"])
    config.agent |= {key: value for key, value in quick.items() if key in config.agent}
    agent = build(config.agent)
    learner = agent.learner

    def on_all_rows(environment, market, train, *rest):
        return learner(environment, market, slice(train.start, len(market.ts)), *rest)

    if everything:
        agent.learner = on_all_rows
    found = policy_sections(small, agent, acts=False)
    assert not names(found["scaler"])
    ways = {finding.perturbation for finding in found["policy"].findings}
    assert any("scale" in way for way in ways) if everything else not ways, ways


@pytest.mark.parametrize("checked", [False, True])
def test_a_policy_that_keeps_the_market_and_looks_ahead(small, checked):
    found = policy_sections(small, leaky.Peek(checked=checked))
    assert "action.target_weights" in names(found["action"])
    assert "action.observation" not in names(found["action"])


def test_policies_that_look_at_their_neighbours_or_roll_dice(small):
    (finding,) = policy_sections(small, leaky.InCompany())["action"].findings[1:2]
    assert finding.name == "action.action" and finding.perturbation == "neighbours"
    found = policy_sections(small, leaky.Dice())["action"]
    assert {f.perturbation.split("+")[0] for f in found.findings} == {"nothing"}


def test_a_policy_that_peeks_through_features(small):
    """What it is shown holds the next bar: the observation tells, and the action with it."""
    from ploutos.env.market import Market

    def market_of(panel):
        ahead = np.array(panel.features)
        ahead[:-1, :, 0] = panel.features[1:, :, 0]
        return Market.of(replace(panel, features=ahead))

    feature = small.panel.feature_names[0]
    agent = _rule(feature)
    test = small.fold.test.rows(small.panel.ts)
    audit = PolicyAudit(
        agent=agent,
        environment=small.environment,
        panel=small.panel,
        train=small.fold.train.rows(small.panel.ts),
        market_of=market_of,
        seed=0,
    )
    found = {section.component: section for section in audit.sections([test.start + 60])}
    assert {"action.observation", "action.target_weights"} <= names(found["action"])


def _rule(feature):
    class Follow(leaky.Rule):
        def targets(self, layout, observation, decision):
            shares = np.nan_to_num(np.abs(layout.asset_column(observation, feature))) + 1e-9
            return shares / shares.sum(axis=1, keepdims=True)

    return Follow()


def test_folds_that_overlap(small):
    ts = small.panel.ts
    assert not audit_folds(small.folds, ts).findings
    section = audit_folds(leaky.overlapping(small.folds, by_days=20), ts)
    assert names(section) == {"folds.fold_0", "folds.fold_1", "folds.fold_2"}
    assert {finding.perturbation for finding in section.findings} == {"overlap"}
    assert section.findings[0].time is not None


def test_an_embargo_that_is_not_kept_and_tests_that_share_bars(small):
    ts = small.panel.ts
    (finding, *_) = audit_folds(small.folds, ts, embargo_bars=10_000).findings
    assert finding.perturbation == "embargo" and finding.name == "folds.fold_0"
    (close, *_) = audit_folds([replace(small.folds[0], train=Window(*_until(small.folds[0])))], ts).findings
    assert close.perturbation == "embargo" and "0 bars before validation" in close.detail
    first = small.folds[0]
    none = Window(first.test.end, first.test.end)
    turned = replace(first, train=first.test, validation=none, test=first.train)
    assert audit_folds([turned], ts).findings[0].perturbation == "order"
    twice = (small.folds[0], replace(small.folds[0], index=7))
    assert names(audit_folds(twice, ts)) == {"folds.fold_7"}


def _until(fold):
    """Return a training window without the embargo that follows it."""
    return fold.train.start, fold.validation.start
