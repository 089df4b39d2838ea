"""The example of docs/execution.md, read from the page and run through the kernel."""

from pathlib import Path

import numpy as np
import pytest
from by_hand import play

PAGE = (Path(__file__).parents[2] / "docs" / "execution.md").read_text()
EXAMPLE = PAGE.split("## A worked example")[1].split("\n## ")[0]
DIGITS = {"cash": 2, "equity": 2, "cost": 2, "turnover": 4, "A shares": 4, "B shares": 4, "C shares": 4}


def tables():
    """Return the example's tables, each as a list of rows {column: number}, NaN for a dash."""
    found, rows = [], []
    for line in [*EXAMPLE.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            names, _, *body = rows
            numbers = [[np.nan if c == "–" else float(c) for c in row] for row in body]
            found.append([dict(zip(names, row, strict=True)) for row in numbers])
            rows = []
    return found


def test_the_page_tells_what_the_kernel_does():
    prices, decisions, results = tables()
    assert "Capital 10 000, `cost_bps: 10`" in EXAMPLE and "delisting return of −0.40 on bar 2" in " ".join(
        EXAMPLE.split()
    )
    opens, closes = ([[row[f"{n} {kind}"] for n in "ABC"] for row in prices] for kind in ("open", "close"))
    member = np.ones((4, 3), bool)
    member[2:, 2] = False
    targets = [[row[f"{n} target"] for n in "ABC"] for row in decisions]
    told = play(
        opens, closes, targets, bps=10, member=member, delist_bar=[-1, -1, 2], delist_return=[0, 0, -0.4]
    )
    assert len(decisions) == len(results) == 3
    for k, result in enumerate(results):
        got = {name: getattr(told, name)[k] for name in ("cash", "equity", "cost", "turnover")}
        got |= {f"{n} shares": told.shares[k, column] for column, n in enumerate("ABC")}
        assert result.pop("bar") == k + 1
        assert result == {name: pytest.approx(round(v, DIGITS[name]), abs=1e-9) for name, v in got.items()}


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("60.0312", 100 - 0.2 * 10_391.90 / 52),
        ("95.4358", 0.9 * 10_391.90 / 98),
        ("3 181.65", 60.0311538 * 53),
        ("9 457.59", 95.4358163 * 99 * 1.001),
        ("7 050.37", 3_871.90 + 60.0311538 * 53 * 0.999),
        ("0.745472", 7_050.3697 / 9_457.5939),
    ],
)
def test_the_steps_in_the_text(told, value):
    assert told in EXAMPLE
    digits = len(told.partition(".")[2])
    assert float(told.replace(" ", "")) == pytest.approx(round(value, digits), abs=1e-9)
