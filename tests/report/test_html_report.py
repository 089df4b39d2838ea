"""The page: self-contained, complete, safe with hostile names, and whole or not there at all."""

from html.parser import HTMLParser

import pytest
from pydantic import ValidationError

from ploutos.report.html import Html
from ploutos.types import Check, Child, ConfigError, Verdict

HOSTILE = "<script>alert(1)</script>"
SECTIONS = {
    "verdict", "figures", "checks", "equity", "drawdown", "months", "noise", "weights", "trading", "folds",
    "settings",
}  # fmt: skip
FIGURES = {"equity-figure", "drawdown-figure", "weights-figure", "trading-figure", "fan-figure"}


class Page(HTMLParser):
    """Collects what a page is made of; the bodies of scripts and styles apart from its text."""

    VOID = ("meta", "link", "img", "br", "hr", "input", "base")

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.ids, self.references, self.tags, self.open = set(), [], [], []
        self.text, self.scripts = [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.add(value)
            if name in ("src", "href", "srcset", "action", "data", "poster"):
                self.references.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif not self.open or self.open[-1] != "style":
            self.text.append(data)


@pytest.fixture
def html():
    return Html(curve_points=200, weight_points=50, top_tickers=15)


def fan_evidence(study):
    ts = study.track.bars["ts"].dt.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_list()[::10]
    return {"ts": ts} | {
        q: [100_000.0 + i] * len(ts) for i, q in enumerate(("q05", "q25", "q50", "q75", "q95"))
    }


def check(name="target_sharpe", *, passed=True, gate=True, value=2.5, **other):
    keys = {"threshold": 2.0, "summary": f"{name} is what it is"}
    return Check(name=name, passed=passed, value=value, gate=gate, **keys | other)


def written(html, study, verdict, folder, *, settings="seed: 0", facts=None, warnings=()):
    path = folder / "deep" / "report.html"
    html.write(
        study,
        verdict,
        path,
        settings=settings,
        facts=facts or {"command": "ploutos study"},
        warnings=warnings,
    )
    return path.read_text(encoding="utf-8")


def test_page_is_complete_and_needs_nothing_else(html, make_study, tmp_path):
    study = make_study()
    verdict = Verdict.of((check(), check("price_noise", evidence=fan_evidence(study))))
    source = written(html, study, verdict, tmp_path)
    page = Page(source)
    assert page.ids >= SECTIONS | FIGURES
    assert page.references and all(reference.startswith("#") for reference in page.references)
    assert {reference[1:] for reference in page.references} <= page.ids
    assert not {"link", "iframe", "img", "object", "form"} & set(page.tags)
    assert source.count("plotly.js v") == 1
    text = " ".join(page.text)
    for words in (
        "demo",
        "accepted",
        "every gate passed",
        "equal_weight",
        "ploutos study",
        "seed: 0",
        "2021-01-01",
    ):
        assert words in text
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["report.html"]


def test_warnings_stand_before_the_first_figure(html, make_study, tmp_path):
    told = ("error in the data: undeclared_split", "<b>silent</b> ends")
    text = " ".join(Page(written(html, make_study(), Verdict.of((check(),)), tmp_path, warnings=told)).text)
    places = [text.index(words) for words in ("every gate passed", *told, "Sharpe ratio")]
    assert places == sorted(places)
    quiet = written(html, make_study(), Verdict.of((check(),)), tmp_path)
    assert 'class="warnings"' not in quiet


def test_figures_are_not_offered_for_upload(html, make_study, tmp_path):
    source = written(html, make_study(), Verdict.of((check(),)), tmp_path)
    assert source.count('"showSendToCloud": false') + source.count('"showSendToCloud":false') == 4


def test_hostile_names_stay_text(html, make_study, tmp_path):
    child = Child(fold=0, seed=0, run_id=HOSTILE, state="FAILED", reason=HOSTILE)
    study = make_study(
        years=1, name=HOSTILE, tickers=(HOSTILE, '"><img src=x>'), names=(HOSTILE,), children=(child,)
    )
    odd = check(HOSTILE, passed=False, value=None, threshold=None, summary=HOSTILE)
    verdict = Verdict.of((odd,), incomplete=HOSTILE)
    clean = Page(written(html, make_study(years=1), Verdict.of((check(),)), tmp_path))
    source = written(html, study, verdict, tmp_path, settings=HOSTILE, facts={HOSTILE: HOSTILE})
    page = Page(source)
    assert HOSTILE not in source
    assert page.tags.count("script") == clean.tags.count("script")
    assert "img" not in page.tags
    assert " ".join(page.text).count(HOSTILE) >= 8


@pytest.mark.parametrize(
    "changes",
    [
        {"years": 1, "names": ()},
        {"tickers": tuple(f"T{i:02d}" for i in range(50))},
        {"invested": 0.0},
        {"tickers": (), "invested": 0.0},
        {"children": ()},
        {"children": (Child(fold=1, seed=4, run_id=None, state="MISSING"),)},
    ],
    ids=["one fold, no baseline", "50 tickers", "all cash", "no positions", "no children", "missing child"],
)
def test_unusual_studies_still_get_a_page(html, make_study, tmp_path, changes):
    page = Page(written(html, make_study(**changes), Verdict.of(()), tmp_path))
    assert page.ids >= SECTIONS
    text = " ".join(page.text)
    assert "No check was asked." in text
    assert "The price-noise check was not asked." in text
    assert ("All cash" in text) == (changes.get("invested") == 0.0)


def test_a_fan_that_was_not_computed_is_explained(html, make_study, tmp_path):
    failed = check("price_noise", passed=False, value=None, summary="Could not be computed: no replay")
    page = Page(written(html, make_study(), Verdict.of((failed,)), tmp_path))
    assert "No fan to draw. Could not be computed: no replay." in " ".join(page.text)
    assert "fan-figure" not in page.ids


def test_a_track_of_one_bar_gets_a_page(html, make_study, tmp_path):
    study = make_study(years=1)
    short = type(study.track)(bars=study.track.bars[:1], positions=study.track.positions[:2])
    study = type(study)(**study.__dict__ | {"track": short, "baselines": {"equal_weight": short}})
    text = " ".join(Page(written(html, study, Verdict.of(()), tmp_path)).text)
    assert "No session out of sample" in text


def test_a_failed_write_leaves_the_old_page_and_nothing_else(html, make_study, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ploutos.tracking.files.os.fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        html.write(make_study(years=1), Verdict.of(()), path, settings="", facts={})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_a_file_is_named(html, make_study, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot write '.*file/report\.html'"):
        html.write(
            make_study(years=1), Verdict.of(()), tmp_path / "file" / "report.html", settings="", facts={}
        )


@pytest.mark.parametrize("name", ["curve_points", "weight_points", "top_tickers"])
def test_sizes_out_of_range_are_refused(name):
    with pytest.raises(ValidationError):
        Html(**{"curve_points": 10, "weight_points": 10, "top_tickers": 3} | {name: 0})
