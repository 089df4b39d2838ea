"""Files in the layouts of vendors are recognised: every value as it was written, and nothing was set."""

from datetime import datetime, timedelta

import pytest

from vendor_layouts import LAYOUTS


def truth(rows):
    """Return the bars: an hour begins at the vendor's time, a daily bar closes with its session."""
    return {
        row.at + timedelta(hours=1) if isinstance(row.at, datetime) else row.at: row.values for row in rows
    }


def found(frame, rows):
    daily = not isinstance(rows[0].at, datetime)
    return {(row[0].date() if daily else row[0]): row[2:] for row in frame.iter_rows()}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_vendors_file_is_read_as_it_was_written(tmp_path, csv, name):
    rows, text = LAYOUTS[name]
    path = tmp_path / "ABC.csv"
    path.write_text(text, encoding="utf-8", newline="")
    calendar = "weekdays" if not isinstance(rows[0].at, datetime) else "always_open"
    source = csv(path, f"calendar={calendar}")
    frame = source.load().frame
    wanted = truth(rows)
    if name.startswith("Investing"):  # 512 345 is written as 512.35K
        wanted = {at: (*v[:4], round(v[4] / 1000, 2) * 1000) for at, v in wanted.items()}
    assert found(frame, rows) == {at: pytest.approx(v, rel=1e-12) for at, v in wanted.items()}
