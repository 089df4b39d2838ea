"""The benchmark `learning`: its matrix of runs, its clock, its figures, and that it goes on where it was."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.command import main
from benchmarks.learning.clock import Clock, Deadline, Marks, Timed
from benchmarks.learning.figures import curve, mean_and_half_width, seconds_to_enough, share, shares
from benchmarks.learning.plan import AGENTS, MARKETS, NETWORKS, Wanted, own_network, trainings
from benchmarks.learning.pool import Pool
from benchmarks.learning.report import markdown, rows
from benchmarks.learning.run import PEERS, Run, Size
from ploutos.agent.schedule.linear import Linear

SIZE = Size(train=10, test=10, tuning=10)


def wanted(**changes):
    told = {
        "markets": MARKETS,
        "agents": (*AGENTS, *PEERS),
        "networks": NETWORKS,
        "seeds": [0, 1, 2],
        "seconds": None,
        "size": SIZE,
        "threads": 2,
        "clock": "wall",
        "overrides": (),
    }
    return Wanted(**told | changes)


def a_run(**changes):
    told = {"kind": "training", "market": "linear", "seed": 0, "size": SIZE, "overrides": (), "agent": "ppo"}
    return Run(**told | changes)


def test_every_agent_meets_every_market_and_other_networks_the_first():
    runs = trainings(wanted())
    own = {(run.agent, run.market, run.seed) for run in runs if not run.network}
    assert own == {(a, m, s) for a in (*AGENTS, *PEERS) for m in MARKETS for s in range(3)}
    others = {(run.agent, run.network) for run in runs if run.network}
    assert others == {(a, n) for a in AGENTS for n in NETWORKS if n != own_network(a)}
    assert all(own_network(agent) in NETWORKS for agent in AGENTS)
    assert len(runs) == len({run.name for run in runs}) == len(own) + 3 * len(others)


def test_five_minutes_where_there_is_a_goal_or_nothing_to_find():
    runs = trainings(wanted())
    long = {(run.agent, run.market) for run in runs if run.seconds == 300}
    assert long == {
        *(("direct_policy_gradient", m) for m in ("linear", "interaction", "memory", "regime", "none")),
        *(("recurrent_ppo", m) for m in ("linear", "memory", "none")),
        *(("ppo", m) for m in ("linear", "none")),
    }
    assert all(60.0 in run.marks and run.marks[-1] == run.seconds for run in runs)
    curves = [run for run in runs if len(run.marks) > 2]
    assert [(run.agent, run.seed) for run in curves] == [(agent, 0) for agent in AGENTS]


def test_an_agent_without_a_goal_trains_long_for_its_curve_alone():
    runs = [run for run in trainings(wanted()) if run.market == "linear" and not run.network]
    seconds = {(run.agent, run.seed): run.seconds for run in runs}
    first, *others = wanted().seeds
    assert seconds["ppo", first] == 300 and {seconds["ppo", seed] for seed in others} == {60}
    assert {seconds["recurrent_ppo", seed] for seed in wanted().seeds} == {300}


def test_seconds_and_overrides_are_part_of_a_result():
    few = trainings(wanted(seconds=20.0, agents=["ppo"], markets=["memory"], seeds=[7]))
    assert [run.marks for run in few] == [(20.0,)]
    base = a_run()
    others = [a_run(seed=1), a_run(overrides=("data.alpha.ic=0.1",)), a_run(seconds=5.0), a_run(threads=2)]
    assert len({run.name for run in [base, *others]}) == 5
    assert Run.from_dict(json.loads(json.dumps(base.as_dict()))) == base


def test_a_setting_of_one_alpha_is_left_out_on_markets_without_it():
    runs = trainings(wanted(markets=["memory", "none"], overrides=("data.alpha.ic=0.1", "data.n_assets=9")))
    told = {run.market: run.overrides for run in runs}
    assert told == {"memory": ("data.alpha.ic=0.1", "data.n_assets=9"), "none": ("data.n_assets=9",)}
    (alone,) = {
        run.overrides for run in trainings(wanted(markets=["none"], overrides=("data.alpha.ic=0.1",)))
    }
    assert alone == ("data.alpha.ic=0.1",)  # which `check` refuses


def test_yardsticks_are_shared_by_agents_but_not_by_markets():
    run = a_run(overrides=("data.alpha.ic=0.1", "agent.n_steps=32"), seconds=3.0, threads=2)
    assert run.reference() == a_run(agent="sb3_ppo", overrides=("data.alpha.ic=0.1",)).reference()
    assert run.reference() != a_run(overrides=("data.alpha.ic=0.2",)).reference()
    assert a_run(seed=1).reference() != a_run().reference()
    assert a_run(seed=1).tuning() == a_run().tuning()


class Hands:
    """A clock whose hands are moved."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def hands(monkeypatch):
    hands = Hands()
    monkeypatch.setattr("benchmarks.learning.clock.time.perf_counter", hands)
    return hands


def test_setting_a_policy_aside_takes_no_time(hands, tmp_path):
    class Slow:
        def save(self, folder):
            hands.now += 1000.0
            saved.append(folder.name)

    saved = []
    marks = Marks(Clock("wall", 1), (1.0, 5.0, 60.0))
    hands.now = 50.0
    watch = Deadline(marks, tmp_path).watch(None, None, slice(0, 0))
    hands.now += 0.5
    assert not watch.due(10, last=False) and not watch.over()
    hands.now += 6.0
    assert watch.due(20, last=False)
    watch.look(Slow(), 20)
    assert saved == ["1", "5"] and marks.clock.seconds() == 6.5
    assert not watch.due(30, last=False) and not watch.over()
    hands.now += 54.0
    assert watch.due(40, last=False) and not watch.over()  # not before the last policy is set aside
    watch.look(Slow(), 40)
    assert watch.over()
    assert [(m.mark, m.seconds, m.steps) for m in marks.met] == [(1, 6.5, 20), (5, 6.5, 20), (60, 60.5, 40)]


def test_the_schedule_goes_by_the_share_of_the_time(hands):
    marks = Marks(Clock("wall", 1), (30.0, 60.0))
    schedule = Timed(Linear(final=0.0), marks)
    marks.clock.start()
    for seconds, factor in ((0.0, 1.0), (30.0, 0.5), (60.0, 0.0), (90.0, 0.0)):
        hands.now = seconds
        assert schedule.factor(0.123) == pytest.approx(factor)


def test_processor_seconds_are_those_of_one_thread(monkeypatch):
    monkeypatch.setattr("benchmarks.learning.clock.time.process_time", lambda: 12.0)
    assert Clock("cpu", 4)._read() == 3.0


def told(*sharpes, seconds=(1.0,)):
    moments = [
        {"mark": s, "seconds": s + 0.5, "steps": 100, "test": {"sharpe": x}}
        for s, x in zip(seconds, sharpes, strict=True)
    ]
    return {"moments": moments}


def yardstick(equal, oracle):
    return {"equal_weight": {"sharpe": equal}, "oracle": {"sharpe": oracle}}


def test_a_figure_is_the_share_of_the_oracles_gain_paired_by_seed():
    runs = {a_run(seed=s): told(x) for s, x in enumerate((2.0, 3.0, 1.0))}
    known = {
        run.reference(): yardstick(*pair) for run, pair in zip(runs, [(1, 3), (1, 2), (1, 5)], strict=True)
    }
    figure = shares(runs, known)["linear", "ppo", 1.0]
    assert figure.values == {0: 0.5, 1: 2.0, 2: 0.0}
    # t of 2 degrees of freedom at 97.5 %: 4.302653.
    half = 4.302653 * np.std([0.5, 2.0, 0.0], ddof=1) / math.sqrt(3)
    assert figure.interval == pytest.approx((2.5 / 3 - half, 2.5 / 3 + half), rel=1e-6)
    assert figure.sharpe == 2.0
    assert math.isnan(share("linear", 2.0, yardstick(1.0, 1.0)))  # an oracle that gains nothing


def test_without_alpha_the_figure_is_a_difference_and_one_seed_has_no_interval():
    run = a_run(market="none")
    figure = shares({run: told(0.7)}, {run.reference(): yardstick(0.9, 0.9)})["none", "ppo", 1.0]
    assert figure.mean == pytest.approx(-0.2) and math.isnan(figure.half_width)
    assert math.isnan(mean_and_half_width([1.0])[1])
    assert shares({run: told(0.7)}, {}) == {}


def test_a_curve_tells_when_most_was_learned():
    run = a_run()
    points = curve(run, told(1.0, 2.6, 3.0, 2.0, seconds=(5.0, 10.0, 20.0, 30.0)), yardstick(1.0, 3.0))
    assert points == [(5.5, 0.0), (10.5, 0.8), (20.5, 1.0), (30.5, 0.5)]
    assert seconds_to_enough(points) == (10.5, 1.0)
    assert seconds_to_enough([(5.0, -0.2), (10.0, 0.0)]) is None


def test_rows_and_tables_tell_everything():
    runs = {
        a_run(seed=s, seconds=60.0, marks=(60.0,)): told(x, seconds=(60.0,)) for s, x in ((0, 2.0), (1, 2.5))
    }
    known = {run.reference(): yardstick(1.0, 3.0) for run in runs}
    figures = shares(runs, known)
    made = {row.metric: row for row in rows(figures, runs, known, {"training-x": "it broke"})}
    assert made["learning.oracle.linear.sharpe"].value == 3.0
    assert made["learning.oracle.linear.sharpe"].baseline_value == 1.0
    share = made["learning.ppo.linear.oracle_share_60s"]
    assert share.value == pytest.approx(0.625) and "0: 0.500, 1: 0.750" in share.note
    assert made["learning.training-x"].value is None and "it broke" in made["learning.training-x"].note
    text = markdown(figures, runs, known)
    assert "| oracle | 3.00 |" in text and "| ppo | 0.62 [-0.96, 2.21] |" in text


def test_what_is_there_is_not_run_again_and_a_failure_is_told(tmp_path, capsys):
    started = []

    class Instead(Pool):
        def _start(self, files, threads):
            started.append(files)
            code = "import sys; sys.exit('no luck')"
            if len(started) != 2:
                code = f"import pathlib; pathlib.Path({files[1]!r}).write_text('{{}}')"
            return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)

    runs = [a_run(seed=s) for s in range(3)]
    first = Instead(tmp_path, 1)
    assert set(first.results(runs)) == {runs[0], runs[2]}
    assert first.failed == {runs[1].name: "no luck"}
    again = Instead(tmp_path, 2)
    assert set(again.results(runs)) == set(runs)
    assert len(started) == 4 and not again.failed
    assert "no luck" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--markets", "liner"], "--markets: unknown value 'liner'. Nearest: 'linear'."),
        (["--agents", "pp0"], "--agents: unknown value 'pp0'. Nearest: 'ppo'."),
        (["--networks", "flat"], "--networks: unknown value 'flat'."),
        (["--seeds", "a"], "'a' is no list of whole numbers such as 0,1,2"),
        (["--seconds", "0"], "--seconds: 0 is not above 0"),
        (["--jobs", "0"], "--jobs: 0 is below 1"),
        (["--agents", "equal_weight"], "--agents: unknown value 'equal_weight'."),
        (["--markets", "linear", "foo.bar=1"], "foo.bar: no such key."),
        (["--markets", "linear", "agent.gamma=7"], "agent.gamma: no such key. Nearest: 'agent."),
        (
            ["--agents", "ppo", "agent.gamma=7"],
            "agent.gamma: Input should be less than or equal to 1 (got 7)",
        ),
        (["--markets", "none", "data.alpha.ic=0.1"], "data.alpha.ic: no such key."),
    ],
)
def test_a_usage_error_is_one_line(arguments, expected, capsys, tmp_path):
    assert main(["learning", "--results", str(tmp_path / "results"), *arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and expected in lines[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_quick_run_measures_everybody(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "learning", "--quick", "--seconds", "1", "--threads", "1"]
    command += [
        "--agents",
        "direct_policy_gradient,recurrent_ppo,ppo,sb3_ppo",
        "--results",
        str(tmp_path / "r"),
    ]
    command += ["--json", str(tmp_path / "rows.json"), "data.alpha.ic=0.2", "data.n_assets=5"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {row["metric"]: row for row in json.loads((tmp_path / "rows.json").read_text())["rows"]}
    oracle = found["learning.oracle.linear.sharpe"]
    assert oracle["value"] > oracle["baseline_value"] + 1
    for agent in (*AGENTS, "sb3_ppo"):
        assert math.isfinite(found[f"learning.{agent}.linear.oracle_share_1s"]["value"])
    assert "| oracle |" in (tmp_path / "r" / "tables.md").read_text()
    again = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert again.returncode == 0 and "training: 4 of 4 are there" in again.stderr
