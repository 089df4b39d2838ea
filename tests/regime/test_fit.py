"""Fitting: how many states, which names, the same twice, and exactly stored."""

import json

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from regime_panels import axis, hmm, panel_of, random_panel

from ploutos.regime.baum_welch import Settings, best_of_starts, information, parameters
from ploutos.regime.fitted_regime import FittedRegime, common, load_regime
from ploutos.regime.no_regime import NoRegime
from ploutos.regime.states import NAMES, ordered
from ploutos.types import ConfigError, DataError

LOOK = Settings(
    covariance="full", starts=6, seed=0, max_iterations=100, tolerance=1e-4, min_share=0.02, overlap=1
)


def simulated(states, covariance, rows=700, seed=0):
    """A clean hidden Markov model with separate states."""
    rng = np.random.default_rng(seed)
    centers = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0], [5.0, 5.0]])[:states]
    path = [0]
    for _ in range(rows - 1):
        path.append(path[-1] if rng.random() < 0.95 else int(rng.integers(states)))
    noise = rng.normal(size=(rows, 2))
    if covariance == "full":
        noise = noise @ np.array([[1.0, 0.0], [0.7, 0.7]]).T
    return centers[path] + noise, np.array(path)


@pytest.mark.parametrize("covariance", ["diag", "full"])
@pytest.mark.parametrize("states", [2, 3, 4])
def test_the_information_criterion_finds_how_many_states_there_are(states, covariance):
    values, _ = simulated(states, covariance)
    look = Settings(**(vars(LOOK) | {"covariance": covariance}))
    tried = {k: best_of_starts(values, k, look) for k in range(2, min(states + 2, 6))}
    bic = {k: candidate.bic for k, candidate in tried.items() if candidate is not None}
    assert min(bic, key=bic.get) == states
    library = GaussianHMM(states, covariance_type=covariance, init_params="")
    model = tried[states].model
    library.n_features, library.startprob_ = 2, np.full(states, 1 / states)
    library.transmat_, library.means_ = model.transition, model.means
    library.covars_ = (
        model.covariances if covariance == "full" else np.stack([np.diag(c) for c in model.covariances])
    )
    free = (library.bic(values) + 2 * library.score(values)) / np.log(len(values))
    assert round(free) == parameters(states, 2, covariance)
    np.testing.assert_allclose(model.start @ model.transition, model.start, atol=1e-9)


def test_the_bic_of_a_candidate_is_schwarzs():
    values, _ = simulated(2, "diag")
    one = best_of_starts(values, 2, LOOK)
    assert one.bic == pytest.approx(-2 * one.log_likelihood + parameters(2, 2, "full") * np.log(len(values)))
    assert parameters(2, 2, "full") == 1 + 2 + 2 * (2 + 3) and parameters(3, 4, "diag") == 2 + 6 + 3 * 8


def test_rows_that_see_the_same_sessions_count_for_fewer():
    """White noise, averaged over five rows, has autocorrelation 1 - k / 5: the mean of R rows varies as that
    of R / 5 independent ones, and so do sums of log likelihoods."""
    assert information(-700.0, 9, 500, 1) == pytest.approx(9 * np.log(500) + 1400)
    assert information(-700.0, 9, 500, 5) == pytest.approx(9 * np.log(100) + 280)
    noise = np.random.default_rng(0).normal(size=(400, 1004))
    averaged = np.lib.stride_tricks.sliding_window_view(noise, 5, axis=1).mean(axis=2)
    inflation = averaged.mean(axis=1).var() / (averaged.var() / averaged.shape[1])
    assert inflation == pytest.approx(5, rel=0.2)


def test_too_few_sessions_are_told_before_anything_runs():
    panel = random_panel(np.random.default_rng(2))
    hmm().require_room(panel, slice(0, 400))
    NoRegime().require_room(panel, slice(0, 5))
    with pytest.raises(ConfigError, match=r"regime\.min_sessions: \d+ sessions to fit on, 60"):
        hmm().require_room(panel, slice(0, 40))


def test_names_follow_from_moments():
    mean = np.array([0.3, -0.2, 0.1, 0.0, 0.5])
    volatility = np.array([0.2, 0.3, 0.1, 0.5, 0.25])
    names, order = ordered(mean, volatility)
    assert dict(zip(names, order.tolist(), strict=True)) == {
        "volatile": 3,
        "calm": 2,
        "bull": 4,
        "neutral": 0,
        "bear": 1,
    }
    names, order = ordered(mean[:2], volatility[:2])
    assert names == ("bull", "bear") and order.tolist() == [0, 1]
    names, order = ordered(mean[:3], volatility[:3])
    assert names == ("bull", "bear", "volatile") and order.tolist() == [0, 2, 1]
    names, order = ordered(mean[:4], volatility[:4])
    assert names == ("bull", "calm", "bear", "volatile") and order.tolist() == [0, 2, 1, 3]
    assert all(len(set(names)) == count == len(names) for count, names in NAMES.items())


def test_a_fit_is_the_same_twice_and_stored_exactly(tmp_path):
    panel = random_panel(np.random.default_rng(2))
    model = hmm(min_states=2, max_states=3, macro=("m0",), exposure={"bull": 1, "bear": 0.1, "volatile": 0.7})
    one, two = (model.fit(panel, slice(0, 400)) for _ in range(2))
    assert one.as_dict() == two.as_dict()
    one.save(tmp_path)
    again = load_regime(tmp_path)
    assert again is not None and again.as_dict() == one.as_dict()
    assert json.loads(json.dumps(one.as_dict())) == one.as_dict()
    (names, values), (_, stored) = one.columns(panel), again.columns(panel)
    assert values.tobytes() == stored.tobytes() and values.dtype == np.float32
    assert names == tuple("regime_" + state for state in one.states)
    np.testing.assert_allclose(values.sum(axis=1), 1.0, atol=1e-6)
    first = 3 * model.inputs.volatility_sessions
    assert (values[:first] == one.model.start.astype(np.float32)).all()


def test_bars_inside_a_session_show_the_session_before():
    panel = random_panel(np.random.default_rng(3))
    fitted = hmm(min_states=2, max_states=2).fit(panel, slice(0, 400))
    _, values = fitted.columns(panel)
    session = np.cumsum(np.diff(panel.clock.dates(panel.ts), prepend=0) != 0) - 1
    changes = 0
    for s in range(20, 140):
        rows = np.flatnonzero(session == s)
        shown = values[rows]
        assert (shown[:-1] == shown[0]).all()
        if len(rows) == 3:
            changes += (shown[-1] != shown[0]).any()
            following = values[rows[-1] + 1]
            assert (following == shown[-1]).all()
        else:  # an early close: seen when the next session has begun
            assert (shown[-1] == shown[0]).all() and (values[rows[-1] + 1] != shown[-1]).any()
    assert changes > 100


def test_a_market_that_stands_still_is_refused_in_one_line():
    ts = axis(100, 2)
    panel = panel_of(np.full((200, 3), 5.0), ts=ts)
    told = r"regime\.series: 'return' is 0 in all 95 training sessions .*; the market stands still$"
    for refused in (hmm().fit, hmm().require_room):
        with pytest.raises(ConfigError, match=told):
            refused(panel, slice(0, 200))
    with pytest.raises(ConfigError, match=r"regime\.min_sessions: 15 sessions to fit on, 60"):
        hmm().fit(panel, slice(0, 40))


@pytest.mark.parametrize(
    ("macro", "told"),
    [
        (np.full(450, 2.5), "'m0' is 2.5 in all 144 training sessions .*; leave it out: regime.macro=[m1]"),
        (2.5 + 1e-12 * np.arange(450), "'m0' is 2.5 in all"),
        (1e-12 * np.sin(np.arange(450)), None),  # of a macro column only its own size tells what is constant
        ("m1", "'m1' repeats 'm0' in all 144 training sessions; leave it out: regime.macro=[m0]"),
        ("-3 m1", "'m1' repeats 'm0'"),
    ],
)
def test_series_that_tell_no_states_apart_are_named(macro, told):
    """Constant up to rounding, or a straight line of another series, of which a covariance is singular."""
    source = random_panel(np.random.default_rng(2))
    columns = np.array(source.macro, float)[:450]
    columns[:, 0] = (
        {"m1": columns[:, 1], "-3 m1": -3 * columns[:, 1]}[macro]
        if isinstance(macro, str)
        else macro[: len(columns)]
    )
    panel = panel_of(
        np.array(source.close)[:450], ts=source.ts[:450], macro=columns, macro_names=("m0", "m1")
    )
    # float32 holds a macro column: a drift of rounding is none there.
    if told is None:
        hmm(macro=("m0", "m1")).require_room(panel, slice(0, 450))
        return
    with pytest.raises(ConfigError, match=told.replace("[", r"\[").replace("]", r"\]")) as refused:
        hmm(macro=("m0", "m1")).require_room(panel, slice(0, 450))
    assert str(refused.value).startswith("regime.macro: ") and "\n" not in str(refused.value)


def test_a_market_in_which_all_names_rise_together_has_no_breadth():
    rng = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(np.abs(rng.normal(0, 0.01, 200))))[:, None] * [1.0, 2.0]
    panel = panel_of(close, ts=axis(100, 2))
    told = (
        r"'breadth' is 1 in all 95 training sessions .*; leave it out: regime\.series=\[return,volatility\]"
    )
    with pytest.raises(ConfigError, match=told):
        hmm().require_room(panel, slice(0, 200))
    hmm(series=("return", "volatility")).require_room(panel, slice(0, 200))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"series": ("volatility",)}, "lacks 'return'"),
        ({"series": ("return", "volatilty")}, "Nearest: 'volatility'"),
        ({"series": ("return", "return")}, "stands twice"),
        ({"min_states": 4}, "above regime.max_states=3"),
        ({"exposure": {"bull": 1.0, "beer": 0.5, "volatile": 1.0}}, "Nearest: 'bear'"),
        ({"exposure": {"bull": 1.0, "bear": 0.5}}, "no value for 'volatile'"),
    ],
)
def test_settings_that_contradict_each_other(changed, told):
    with pytest.raises(ConfigError, match=told) as refused:
        hmm(**changed)
    assert "\n" not in str(refused.value)


def test_damaged_files_are_told(tmp_path):
    panel = random_panel(np.random.default_rng(2))
    good = hmm(min_states=2, max_states=2).fit(panel, slice(0, 400)).as_dict()
    for key in good:
        with pytest.raises(DataError, match="regime"):
            FittedRegime.from_dict({k: v for k, v in good.items() if k != key})
    with pytest.raises(DataError, match="fit its parameters"):
        FittedRegime.from_dict(good | {"center": [0.0]})
    with pytest.raises(DataError, match="means"):
        FittedRegime.from_dict(good | {"model": good["model"] | {"means": [[float("nan")] * 3] * 2}})
    flat = good["model"] | {"covariances": [[[0.0] * 3] * 3] * 2}
    with pytest.raises(DataError, match="positive definite"):
        FittedRegime.from_dict(good | {"model": flat})
    (tmp_path / "regime.json").write_text("{")
    with pytest.raises(DataError, match=r"regime\.json: cannot be read"):
        load_regime(tmp_path)


def test_members_of_a_council_share_one_regime():
    panel = random_panel(np.random.default_rng(2))
    one, twin = (hmm(min_states=2, max_states=2).fit(panel, slice(0, 400)) for _ in range(2))
    other = hmm(min_states=2, max_states=2).fit(panel, slice(0, 300))
    assert common([one, twin]) is one and common([None, None]) is None
    for unlike in ([one, other], [one, None]):
        with pytest.raises(ConfigError, match="different regimes"):
            common(unlike)


def test_none_is_nothing(tmp_path):
    panel = random_panel(np.random.default_rng(0), sessions=10)
    NoRegime().check(panel)
    assert NoRegime().fit(panel, slice(0, 10)) is None and load_regime(tmp_path) is None
