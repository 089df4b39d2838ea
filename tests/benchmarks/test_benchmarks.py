"""Benchmarks measure what they say and tell it in one shape; how fast anything is, no test asks."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.command import BENCHMARKS, main
from benchmarks.env.scalar import OVERRIDES, ScalarEnv
from benchmarks.env.workload import MIXES, build, config, draw_actions, make_market, with_strangers
from benchmarks.panel import ingest
from benchmarks.panel.child import measured
from benchmarks.panel.memory import Peak, tells, use
from benchmarks.record import Record, Row, table, write
from benchmarks.timing import Effort, Sample, cores, interleave, slice_length

ROOT = Path(__file__).parents[2]
KEYS = {"metric", "value", "unit", "baseline", "baseline_value", "ratio", "note"}
ENV = {
    "env.step_rate_1core",
    "env.step_rate_1core_hold",
    "env.step_rate_1core_simple",
    "env.step_rate_1core_simple_hold",
    "env.step_rate_1core_strangers",
    "env.step_rate_1core_staggered",
    "env.vs_memcpy",
    "env.vs_memcpy_cold_source",
    "env.vs_scalar_dummy_vec_env",
    "env.vs_scalar_subproc_vec_env",
    "env.torch_step_rate",
    "env.torch_step_rate_forward",
    "env.torch_step_rate.t2",
    "env.torch_step_rate_forward.t2",
    "env.reset_us",
    "env.compile_s",
    "env.first_step_second_process_s",
    "env.import_s",
}
PANEL = {
    "panel.build_s",
    "panel.build_peak_gb",
    "panel.build_peak_anonymous_gb",
    "panel.open_ms",
    "panel.open_by_settings_ms",
    "panel.pss_copies_16",
    "panel.pss_copies_16_pickled",
    "panel.worker_private_mb",
    "panel.worker_private_torch_mb",
    "panel.ingest_s",
}
FEATURES = {
    "features.cells_per_s",
    "features.cells_per_s.t1",
    "features.cells_per_s.fresh",
    "features.vs_pandas",
    "features.incremental_ms",
    "features.memory_ratio",
    "features.first_use_s",
}
PEERS = {
    f"env.vs_{peer}{kind}"
    for peer in ("gym_trading_env", "torchtrade", "torchtrade_e2048")
    for kind in ("", "_asset_bars")
}
SCALING = {
    f"env.step_rate.a{assets}.e{envs}.t{threads}"
    for assets in (10, 50, 200, 500)
    for envs in (1, 16, 256, 2048)
    for threads in (1, 2)
}


def test_without_a_name_all_are_listed(capsys):
    assert main([]) == 0
    told = capsys.readouterr().out
    assert all(f"  {name} " in told for name in BENCHMARKS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evn"], "benchmark: unknown value 'evn'. Nearest: 'env'."),
        (["env", "--fast"], "--fast"),
        (["env", "--json", "nowhere/rows.json"], "nowhere/rows.json"),
        (["env", "--quick", "--peers-python", "nowhere/python"], "nowhere/python"),
        (["panel", "--quick", "--folder", "nowhere"], "--folder: there is no folder 'nowhere'"),
    ],
)
def test_a_usage_error_is_one_line(arguments, told, capsys):
    assert main(arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and told in lines[0]


def test_slices_take_turns_and_begin_warm():
    calls = []
    work = {name: lambda n, name=name: calls.append((name, n)) for name in "ab"}
    times = interleave(work, Effort(seconds=1e-6, repetitions=3), multiples={"a": 7})
    assert [name for name, _ in calls[-12:]] == list("aabbbbaaaabb")
    assert all(n % 7 == 0 for name, n in calls[-12:] if name == "a")
    assert {name: len(sample.seconds) for name, sample in times.items()} == {"a": 3, "b": 3}


def test_a_slice_is_as_long_as_asked():
    clock = []
    units = slice_length(lambda n: clock.append(sum(range(20_000 * n))), 0.02)
    assert 1 <= units < 1000


def test_a_speedup_is_the_median_of_neighbours():
    ours, theirs = Sample((1.0, 2.0, 4.0)), Sample((3.0, 4.0, 40.0))
    assert ours.speedup_over(theirs) == 3.0  # of 3, 2 and 10
    row = Row.rate("m", ours, units=4, unit="x/s", note="n", baseline=("b", theirs, 2))
    assert (row.value, row.baseline_value, row.ratio) == (2.0, 0.5, 6.0)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not tell")
def test_cores_are_given_back():
    before = os.sched_getaffinity(0)
    with cores(1):
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_the_table_names_what_could_not_be_measured_and_the_file_is_replaced(tmp_path):
    rows = (
        Row("a.b", 1234.5, "x/s", "other", 617.25, 2.0, "how"),
        Row("a.c", None, "s", note="not installed"),
    )
    record = Record("a", {"cpu": "x"}, "abc", rows)
    lines = table(record).splitlines()
    assert lines[1].split() == ["a.b", "1,234", "x/s", "other", "617.2", "2"]
    assert lines[2].split() == ["a.c", "not", "installed", "s"]
    file = tmp_path / "rows.json"
    file.write_text("old")
    write(file, json.dumps(record.as_dict()))
    assert json.loads(file.read_text())["rows"][0]["value"] == 1234.5
    assert list(tmp_path.iterdir()) == [file]


def test_the_scalar_environment_does_the_same_work():
    """Otherwise the ratio between both means nothing."""
    market = with_strangers(make_market(6, 700), 0.2)
    composed = config("env.num_envs=1", "execution.stops.max_drawdown=0.02", *OVERRIDES)
    env = build(composed).vec_env(market, slice(0, 700), 3)
    scalar = ScalarEnv(market, composed, 0)
    seen = env.reset()
    again, _ = scalar.reset(options={"row": env.simulator.row[0]})
    np.testing.assert_allclose(again, seen[0], rtol=1e-6)
    actions, forced = draw_actions(env.action_space, 1, 0.0), 0
    for k in range(256):
        seen, reward, done, infos = env.step(actions[k % len(actions)])
        again, its_reward, ruined, over, _ = scalar.step(actions[k % len(actions)][0])
        forced += env.simulator.outcome.forced[0]
        assert done[0] == over == (k == 255) and not ruined
        want = infos[0]["terminal_observation"] if done[0] else seen[0]
        np.testing.assert_allclose(again, want, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(its_reward, reward[0], rtol=1e-5, atol=1e-6)
    assert forced > 0


def test_the_mixes_trade_as_they_say():
    market = make_market(8, 700)
    turnover = {}
    for mix, (action, held) in MIXES.items():
        env = build(config("env.num_envs=16", action)).vec_env(market, slice(0, 700), 0)
        env.reset()
        for value in draw_actions(env.action_space, 16, held)[:20]:
            env.step(value)
        turnover[mix] = env.simulator.outcome.turnover.mean()
    assert turnover["trade"] > 0.5 > 0.2 > turnover["hold"] > 0


@pytest.mark.skipif(not tells(), reason="the system does not tell")
def test_memory_of_mapped_files_is_told_apart(tmp_path):
    size = 64 << 20  # the process itself moves by some megabytes
    (tmp_path / "inside").mkdir()
    for name in ("inside/a", "b"):
        (tmp_path / name).write_bytes(bytes(size))
    here = os.getpid()
    before = use(here, tmp_path / "inside")
    mapped = [np.memmap(tmp_path / name, mode="r") for name in ("inside/a", "b")]
    assert sum(int(array.max()) for array in mapped) == 0
    after = use(here, tmp_path / "inside")
    assert (before.inside, after.inside) == (0, size)
    assert abs(after.outside - before.outside - size) < size / 2
    # No other process has the file: it is private, as anonymous memory is.
    own = np.ones(size, np.uint8)
    assert use(here, tmp_path / "inside").private - before.private >= 2 * size - size / 2
    del own


@pytest.mark.skipif(not tells(), reason="the system does not tell")
def test_the_peak_of_anonymous_memory_leaves_files_out(tmp_path):
    size = 64 << 20
    (tmp_path / "a").write_bytes(bytes(size))
    script = (
        "import sys, time, numpy as np\n"
        "mapped = np.memmap(sys.argv[1], mode='r'); mapped.max()\n"
        "print('small', flush=True); sys.stdin.readline()\n"
        "own = np.ones(len(mapped), np.uint8)\n"
        "print('large', flush=True); sys.stdin.readline()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "a")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process, Peak(process.pid) as peak:
        peaks = []
        for _ in range(2):
            process.stdout.readline()
            seen = peak.looks
            while peak.looks < seen + 2:
                time.sleep(0.01)
            peaks.append(peak.bytes)
            process.stdin.write("on\n")
            process.stdin.flush()
    assert peaks[0] < size
    assert 0 <= peaks[1] - peaks[0] - size < size / 2


def quick_rows(name, folder, *options):
    """Run a benchmark as a smoke run; return its rows by metric, checked for shape, and what it prints."""
    file = folder / f"{name}.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--quick", "--json", file, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(file.read_text())
    assert set(record) == {"name", "machine", "commit", "rows"} and record["name"] == name
    rows = {row["metric"]: row for row in record["rows"]}
    assert len(rows) == len(record["rows"])
    for metric, row in rows.items():
        assert set(row) == KEYS and row["unit"] and row["note"] and metric in done.stdout, metric
        if row["value"] is None:
            continue
        assert row["value"] > 0, metric
        compared = [row[key] is not None for key in ("baseline", "baseline_value", "ratio")]
        assert len(set(compared)) == 1, metric
        if compared[0]:
            assert row["baseline_value"] > 0 and row["ratio"] > 0, metric
    return rows


@pytest.mark.slow
def test_the_quick_run_of_env_has_every_metric(tmp_path):
    rows = quick_rows("env", tmp_path)
    assert set(rows) >= ENV | PEERS | SCALING
    assert all(".gpu" in name for name in set(rows) - ENV - PEERS - SCALING)
    for name, row in rows.items():
        assert row["value"] is not None or (name in PEERS and row["note"] == "not installed"), name


@pytest.mark.slow
def test_the_quick_run_of_panel_has_every_metric_and_cleans_up(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    rows = quick_rows("panel", tmp_path, "--folder", place, "--data", tmp_path)
    assert set(rows) == PANEL
    assert list(place.iterdir()) == []
    skipped = rows.pop("panel.ingest_s")
    assert skipped["value"] is None and skipped["note"].startswith("skipped: no such file")
    if tells():
        assert all(row["value"] is not None for row in rows.values())
        assert rows["panel.build_peak_anonymous_gb"]["value"] < rows["panel.build_peak_gb"]["value"]
        # What these count does not depend on the machine.
        assert 0.9 < rows["panel.pss_copies_16"]["value"] < 1.15
        assert rows["panel.pss_copies_16_pickled"]["value"] > 12


@pytest.mark.slow
def test_features_are_measured_beside_pandas(tmp_path):
    rows = quick_rows("features", tmp_path)
    assert set(rows) == FEATURES
    assert all(row["value"] is not None for name, row in rows.items() if name != "features.memory_ratio")
    assert rows["features.incremental_ms"]["note"].endswith("to the bit: True")
    assert rows["features.cells_per_s"]["baseline"] == "pandas"


@pytest.mark.slow
@pytest.mark.real_data
def test_a_file_is_read_by_both(real_data):
    told = measured("benchmarks.panel.ingest", [str(real_data / ingest.FILE), "pandas", "ploutos"])
    assert told["rows"] > told["bars"] > 3_000_000
    assert min(told[name] for name in ("pandas", "ploutos", "imports")) > 0
