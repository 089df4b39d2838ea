"""Folders and files whose names look like patterns, addresses or escapes are what they are called."""

import json
import socket
import sqlite3
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from commands import CHECKS, TINY, finish, run, start
from data_reports import MARKET, report_lines

ODD = "a [2] {b} q?x #1 %41 *ü"
NAMES = ["[2]", "a*b", "q?x", "h#1", "%41", "{b}", "s p", "ü", "$x;&", "'q'", "k=v,w"]


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.slow
def test_a_study_in_an_odd_folder_stays_in_it(tmp_path: Path) -> None:
    place = tmp_path / ODD
    place.mkdir()
    ended = run("study", *TINY, *CHECKS, "seed=range(1)", "name=odd", folder=place)
    assert ended.code == 0, ended.err
    assert entries(tmp_path) == {ODD}
    assert entries(place) == {".ploutos", "mlruns", "outputs"}
    with sqlite3.connect(place / "mlruns" / "mlflow.db") as database:
        (runs,) = database.execute("select count(*) from runs").fetchone()
        places = {row[0] for row in database.execute("select artifact_location from experiments")}
    assert runs == 3  # the study, its only job and its judgement
    assert (place / "mlruns" / "artifacts").as_uri() in places
    (verdict,) = place.glob("outputs/study/odd/*/verdict.json")
    run_id = json.loads(verdict.read_text())["run_id"]
    assert (place / "mlruns" / "artifacts" / run_id / "artifacts" / "verdict.json").is_file()
    again = run("validate", f"study={run_id}", *CHECKS, folder=place)
    assert again.code == 0, again.err
    assert entries(tmp_path) == {ODD}


@pytest.mark.slow
def test_the_ui_serves_a_store_in_an_odd_folder(tmp_path: Path) -> None:
    from ploutos.tracking.mlflow import Mlflow

    place = tmp_path / ODD
    place.mkdir()
    Mlflow(folder=str(place / "mlruns"), experiment="found", busy_timeout_seconds=60.0).open()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = start("ui", f"port={port}", folder=place)
    try:
        names: set[str] = set()
        body = b'{"max_results": 10}'
        address = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search"
        for _ in range(600):
            try:
                request = Request(address, data=body, headers={"Content-Type": "application/json"})
                names = {e["name"] for e in json.load(urlopen(request))["experiments"]}
                break
            except OSError:
                time.sleep(0.5)
    finally:
        server.terminate()
        finish(server)
    assert "found" in names
    assert entries(tmp_path) == {ODD}


@pytest.mark.parametrize("name", NAMES)
def test_a_store_is_where_its_folder_says(tmp_path: Path, name: str) -> None:
    from sqlalchemy.engine import make_url

    from ploutos.tracking.mlflow import Mlflow

    tracking = Mlflow(folder=str(tmp_path / name), experiment="tests", busy_timeout_seconds=60.0)
    assert make_url(tracking.uri).database == str(tracking.database)
    store = tracking.open()
    stored = store.start("run", {})
    stored.text("hello", "note.txt")
    stored.finish("FINISHED")
    assert store.artifact(stored.run_id, "note.txt").read_text() == "hello"
    assert store.artifact(stored.run_id, "note.txt").is_relative_to(tmp_path / name)
    assert entries(tmp_path) == {name}
    assert len(tracking.open_existing().find({})) == 1


def test_a_config_folder_and_an_output_folder_may_be_odd(tmp_path: Path) -> None:
    place = tmp_path / ODD
    (place / "my_conf" / "data").mkdir(parents=True)
    (place / "my_conf" / "data" / "mine.yaml").write_text("defaults: [synthetic, _self_]\nn_assets: 2\n")
    words = [word for word in MARKET if not word.startswith("data.n_assets")]
    ended = run("data", *words, "data=mine", "--config-dir", str(place / "my_conf"), folder=place)
    assert report_lines(ended)["tickers"] == ["2: SYN1, SYN2"]
    assert entries(tmp_path) == {ODD}
