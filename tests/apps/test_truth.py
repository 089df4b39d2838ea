"""Where there is nothing to find, the study says so (the session `quickstart` asks the opposite)."""

import json
from pathlib import Path

import pytest
from commands import run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("market", [11, 12])
def test_a_market_without_a_signal_is_rejected_for_lack_of_skill(tmp_path: Path, market: int) -> None:
    ended = run(
        "study",
        "experiment=quickstart",
        "data.information_coefficient=0",
        f"data.seed={market}",
        "agent.total_steps=20000",
        "validation.checks.price_noise.paths=10",
        "seed=0,1,2",
        folder=tmp_path,
    )
    assert ended.code == 0, ended.err  # a rejected strategy is a result
    (file,) = tmp_path.glob("outputs/study/quickstart/*/verdict.json")
    verdict = json.loads(file.read_text())
    assert verdict["accepted"] is False
    failed = {check["name"] for check in verdict["checks"] if check["gate"] and not check["passed"]}
    assert failed & {"bootstrap_sharpe", "beats_equal_weight"}
    assert all(child["state"] == "FINISHED" for child in verdict["children"])
