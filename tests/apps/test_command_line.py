"""What a user types besides overrides: no verb, help, completion, a config folder of their own."""

import json
import os
import signal
import socket
import sys
import time
import urllib.request
from pathlib import Path
from subprocess import run as run_process

import pytest
from commands import TINY, Call, finish, run, start

HEAVY = ("torch", "mlflow", "polars", "numpy", "hydra", "pydantic", "stable_baselines3")


def test_no_verb_lists_them_quickly_and_imports_nothing_heavy() -> None:
    script = (
        "import sys, time; begun = time.perf_counter()\n"
        "from ploutos.apps.main import main\n"
        "try: main()\n"
        "except SystemExit as left: code = left.code\n"
        f"heavy = [m for m in {HEAVY} if m in sys.modules]\n"
        "sys.stderr.write(f'{code} {heavy} {time.perf_counter() - begun}')"
    )
    ended = run_process([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    code, heavy, seconds = ended.stderr.split(" ", 1)[0], *ended.stderr.split(" ", 1)[1].rsplit(" ", 1)
    assert (code, heavy) == ("0", "[]")
    assert float(seconds) < 0.5
    for verb in ("data", "audit", "train", "study", "validate", "ui"):
        assert f"\n  {verb}" in ended.stdout


@pytest.mark.parametrize("verb", ["data", "audit", "train", "study", "validate", "ui"])
def test_hydras_own_flags_work_on_every_verb(ploutos: Call, verb: str) -> None:
    told = ploutos(verb, "--cfg", "job")
    assert told.code == 0 and "tracking:" in told.out
    told = ploutos(verb, "--help")
    assert told.code == 0 and f"ploutos {verb} is powered by Hydra" in told.out
    assert list(Path.cwd().iterdir()) == []


def test_help_is_a_verb(ploutos: Call) -> None:
    assert ploutos("help").out == ploutos("--help").out
    told, same = ploutos("help", "train", "agent=ppo"), ploutos("train", "agent=ppo", "--help")
    assert told.code == 0 and told.out == same.out and "ploutos train is powered by Hydra" in told.out
    assert "ploutos.agent.ppo.PPO" in told.out


@pytest.mark.parametrize("line", ["--version", "--help", "-h", "train --info searchpath"])
def test_flags_without_a_run(ploutos: Call, line: str) -> None:
    assert ploutos(*line.split()).code == 0


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("ploutos ", "data audit train study validate ui"),
        ("ploutos st", "study"),
        ("ploutos study experiment=", "experiment=hourly_us experiment=quickstart"),
        ("ploutos train agent=recu", "agent=recurrent_ppo"),
        ("ploutos train agent.total_s", "agent.total_steps="),
        ("ploutos ui po", "port="),
        ("ploutos nothing x", ""),
    ],
)
def test_tab_completion(ploutos: Call, monkeypatch: pytest.MonkeyPatch, line: str, offered: str) -> None:
    monkeypatch.setenv("COMP_LINE", line)
    told = ploutos("-sc", "query=bash")
    assert set(offered.split()) <= set(told.out.split()) and told.err == ""
    assert offered or told.out == ""


def test_completion_installs_for_the_command(ploutos: Call) -> None:
    assert ploutos("-sc", "install=bash").out.strip().endswith("hydra_bash_completion ploutos")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A user's folder: a new experiment, a new variant, and files named like shipped ones."""
    from ploutos.apps.conf_dir import conf_dir

    folder = tmp_path / "own"
    for group in ("experiment", "agent"):
        (folder / group).mkdir(parents=True)
    for name in ("mine", "quickstart"):
        (folder / "experiment" / f"{name}.yaml").write_text(f"# @package _global_\nname: my_{name}\n")
    shipped = (conf_dir() / "agent" / "recurrent_ppo.yaml").read_text()
    (folder / "agent" / "my_ppo.yaml").write_text(shipped.replace("n_epochs: 4", "n_epochs: 77"))
    (folder / "agent" / "buy_and_hold.yaml").write_text(
        "_target_: ploutos.agent.equal_weight.EqualWeight\nrebalance_bars: 9\n"
    )
    return folder


@pytest.mark.parametrize("verb", ["train", "study", "data"])
@pytest.mark.parametrize("flag", ["--config-dir", "-cd"])
def test_a_users_folder_wins(ploutos: Call, own: Path, verb: str, flag: str) -> None:
    told = ploutos(verb, flag, str(own), "experiment=mine", "agent=my_ppo", "--cfg", "job")
    assert "name: my_mine" in told.out and "n_epochs: 77" in told.out and "rebalance_bars: 9" in told.out
    assert "name: my_quickstart" in ploutos(verb, flag, str(own), "experiment=quickstart", "--cfg", "job").out
    shipped = ploutos(verb, "experiment=quickstart", "--cfg", "job").out
    assert "name: quickstart" in shipped and "rebalance_bars: 9" not in shipped
    near = ploutos(verb, flag, str(own), "experiment=mime")
    assert near.code == 2 and "Nearest: 'mine'" in near.err


def test_data_reports_on_the_panel(ploutos: Call) -> None:
    told = ploutos("data", *TINY)
    assert told.code == 0, told.err
    (file,) = Path("outputs/data/tiny").glob("*/data.json")
    report = json.loads(file.read_text())
    assert report["tickers"] == ["SYN1", "SYN2", "SYN3", "SYN4"]
    assert report["bars"] == 4 * report["rows"] and report["gap_cells"] == 0
    assert 0.5 < report["member_share"] < 1 and report["silent_ends"] == []
    folder = Path(report["folder"])
    assert folder.name == report["address"] and report["bytes"] == sum(
        f.stat().st_size for f in folder.iterdir()
    )
    assert report["address"] in told.out and str(file) in told.out


def test_data_verifies_every_byte(ploutos: Call) -> None:
    assert ploutos("data", *TINY, "verify=true").code == 0
    (file,) = Path.cwd().glob(".ploutos/panels/*/prices.npy")
    was = file.stat()
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert ploutos("data", *TINY).code == 0  # size and time are as they were
    told = ploutos("data", *TINY, "verify=true")
    assert told.code == 2 and "prices" in told.err and told.err.count("\n") == 1


@pytest.mark.real_data
def test_data_counts_the_rows_it_dropped(ploutos: Call, real_data: Path) -> None:
    path = real_data / "ploutos_us_hourly_2020_2026_UTC.parquet"
    told = ploutos("data", "data=parquet", "macro=parquet", f"data.path={path}", "data.tickers=[AAPL,SPY]")
    assert told.code == 0, told.err
    (file,) = Path("outputs/data").glob("*/*/data.json")
    source = json.loads(file.read_text())["source"]
    dropped = sum(source[f"rows_{k}"] for k in ("other_tickers", "mixed_bar", "outside_session"))
    assert source["rows_read"] == source["rows_kept"] + dropped
    assert "mixed_bar" in told.out


def test_the_ui_ends_on_an_interrupt(tmp_path: Path) -> None:
    from ploutos.tracking.mlflow import Mlflow

    Mlflow(folder=str(tmp_path / "mlruns"), experiment="x", busy_timeout_seconds=60.0).open()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.listen()
        taken = run("ui", f"port={port}", folder=tmp_path)
        assert taken.code == 2 and taken.err.startswith(f"ploutos: port: cannot listen on 127.0.0.1:{port}")
        assert taken.err.count("\n") == 1
    process = start("ui", f"port={port}", folder=tmp_path)
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            with urllib.request.urlopen(address) as page:
                assert page.status == 200
            break
        except OSError:
            time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    told = finish(process, timeout=30)
    assert told.code == 0 and address in told.out and "Traceback" not in told.err
    with pytest.raises(OSError):
        urllib.request.urlopen(address)
    assert [path.name for path in tmp_path.iterdir()] == ["mlruns"]
