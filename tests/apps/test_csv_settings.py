"""`ploutos data data=csv`: the settings are printed, can be saved, and lead to the same panel."""

from pathlib import Path

import pytest
import yaml
from commands import run
from data_reports import one_line, report_lines

GERMAN = "Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke\n" + "".join(
    f"{n:02}.01.2021;1.19{n % 10},31;1.202,13;1.185,31;1.19{n % 10},42;101.723\n" for n in range(4, 30)
)
COMMAND = ["data", "data=csv", "data/calendar=weekdays", "macro=none"]


def test_the_settings_can_be_saved_and_read_the_file_alike(tmp_path: Path) -> None:
    (tmp_path / "WXY.csv").write_text(GERMAN)
    first = run(*COMMAND, "name=wxy", "data.path=WXY.csv", folder=tmp_path)
    said = report_lines(first)
    text = first.out.partition("# Save as my_conf/data/wxy.yaml")[2].partition("\n")[2]
    settings = yaml.safe_load(text)
    assert settings["columns"]["close"] == "Schlusskurs" and settings["columns"]["ts_format"] == "%d.%m.%Y"
    assert settings["format"]["decimal"] == "comma" and settings["format"]["thousands"] == "point"
    assert settings["bar_minutes"] is None and settings["path"] == str(tmp_path / "WXY.csv")
    assert "auto" not in text
    saved = tmp_path / "my_conf" / "data" / "wxy.yaml"
    saved.parent.mkdir(parents=True)
    (written,) = tmp_path.glob("outputs/data/wxy/*/settings.yaml")
    assert written.read_text().endswith(text.rstrip("\n") + "\n")
    saved.write_text(written.read_text())
    again = run("data", "name=again", "--config-dir", "my_conf", "data=wxy", "macro=none", folder=tmp_path)
    assert report_lines(again)["address"] == said["address"]
    # The panel was there: what it says of its reading is what it said when it was built.
    third = run(*COMMAND, "name=wxy", "data.path=WXY.csv", folder=tmp_path)
    assert report_lines(third)["address"] == said["address"]
    assert third.out.partition("# Save")[2] == first.out.partition("# Save")[2]


def test_rows_that_were_dropped_are_counted_in_their_line(tmp_path: Path) -> None:
    lines = [f"2021-01-{n:02},1,2,1,2,5" for n in range(4, 20)]
    lines[3], lines[7] = ",1,2,1,2,5", "2021-01-11,-1,2,1,2,5"
    (tmp_path / "A.csv").write_text("\n".join(["Date,Open,High,Low,Close,Volume", *lines]))
    said = report_lines(run(*COMMAND, "data.path=A.csv", folder=tmp_path))
    total, _, reasons = said["rows dropped"][0].partition(": ")
    assert total.startswith("6 of 16 ")
    told = {name: int(count) for name, count in (part.rsplit(" ", 1) for part in reasons.split(", "))}
    assert sum(told.values()) == 6  # two weekends, a row without a time, a negative price
    assert told["missing_key"] == told["non_positive"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["data.path=d.csv"], ["d.csv: Date is '01/02/2023' in row 1", "2023-01-02", "2023-02-01"]),
        (
            ["data.path=d.csv", "data.columns.ts_format='%m/%d/%Y %H:%M %p'"],
            ["data.columns.ts_format", "'%m/%d"],
        ),
        (["data.path=d.csv", "data.columns.ts_format='%Q'"], ["data.columns.ts_format: '%Q'"]),
        (
            ["data.path=d.csv", "data.columns.ts_format='%Y-%m-%d'"],
            ["'01/02/2023' in row 1, must be as '%Y-%m-%d'"],
        ),
        (
            ["data.path=d.csv", "data.columns.open=Opn", "data.columns.close=Cls"],
            ["'Opn' and 'Cls' are missing"],
        ),
        (["data.path=d.csv", "data.tickers=[TRUE]"], ["data.tickers.0: a ticker must be text", "in quotes"]),
        (["data.path=d.csv", "data.tickers=[1]"], ["data.tickers.0: a ticker must be text", "['000001']"]),
        (["data.path=d.csv", "data.format.delimiter=xy"], ["data.format.delimiter: 'xy' must be one sign"]),
        (["data.path=d.csv", "data.format.decimal=dot"], ["data.format.decimal", "'point'"]),
    ],
)
def test_what_is_wrong_is_told_in_one_line(ploutos, words: list[str], told: list[str]) -> None:
    rows = "".join(f"01/{n:02}/2023,1,2,1,2,5\n" for n in range(2, 9))
    Path("d.csv").write_text(f"Date,Open,High,Low,Close,Volume\n{rows}")
    one_line(ploutos(*COMMAND, *words), *told)
    assert not list(Path.cwd().glob("outputs/data/*/*/data.json"))


def test_tickers_that_yaml_takes_for_something_else(ploutos) -> None:
    folder = Path("my_conf/data")
    folder.mkdir(parents=True)
    rows = "".join(
        f"2021-01-{n:02},{t},1,2,1,2,5\n" for n in range(4, 9) for t in ("ON", "000001", "TRUE", "AAA")
    )
    Path("all.csv").write_text(f"date,ticker,open,high,low,close,volume\n{rows}")
    head = "defaults: [csv, _self_]\npath: all.csv\ntickers: "
    (folder / "bare.yaml").write_text(head + "[ON, AAA]\n")
    (folder / "quoted.yaml").write_text(head + "['ON', '000001', 'TRUE']\n")
    words = ["data", "--config-dir", "my_conf", "macro=none", "data/calendar=weekdays"]
    one_line(ploutos(*words, "data=bare"), "data.tickers.0", "in quotes", "['ON']")
    ended = ploutos(*words, "data=quoted")
    assert report_lines(ended)["tickers"] == ["3: 000001, ON, TRUE"]
