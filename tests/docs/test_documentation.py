"""The documentation is true where a machine can tell: links, anchors, file names, lists of names."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ploutos.apps.feature_page import page as feature_page
from ploutos.apps.main import VERBS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "experiments").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(file), f"{page.name} links to {target}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        found = {
            (page.parent / t.partition("#")[0]).resolve() for t in LINK.findall(prose(page)) if "//" not in t
        }
        waiting += [file for file in found if file.suffix == ".md" and file not in seen]
    assert {page for page in PAGES if (ROOT / "docs") in page.parents} <= seen


def test_the_feature_page_is_what_the_code_says() -> None:
    written = (ROOT / "docs" / "features.md").read_text()
    assert written == feature_page(), "python -m ploutos.apps.feature_page > docs/features.md"


def test_the_table_of_rooms_names_every_variant() -> None:
    readme = (ROOT / "README.md").read_text()
    rooms = readme[readme.index("## Rooms") : readme.index("## The verdict")]
    missing = []
    for file in sorted((ROOT / "conf").rglob("*.yaml")):
        group = file.parent.relative_to(ROOT / "conf").as_posix()
        if group in (".", "experiment", "validation/check", "hydra/launcher"):
            continue
        row = re.search(rf"`{group}`: ([^;|]*)", rooms)
        if row is None or f"`{file.stem}`" not in row[1]:
            missing.append(f"{group}={file.stem}")
    assert not missing


def test_the_readme_names_the_checks_that_quick_asks() -> None:
    readme = (ROOT / "README.md").read_text()
    for file in (ROOT / "src" / "ploutos" / "validation").glob("*.py"):
        for name in re.findall(r'name="(\w+)"', file.read_text()):
            assert f"`{name}`" in readme, name


def test_the_decisions_are_all_listed() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text()
    pages = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    for number, page in enumerate(pages, start=1):
        title = page.read_text().splitlines()[0]
        assert title.startswith(f"# {number:04d}. ")
        assert f"| [{number:04d}]({page.name}) | {title.partition('. ')[2]} |" in index
        assert re.findall(r"^## (.+)$", page.read_text(), re.M) == ["Context", "Decision", "Consequences"]


def test_every_verb_in_a_command_exists() -> None:
    for page in PAGES:
        for block in FENCE.findall(page.read_text()):
            if block.startswith("```bash"):
                for verb in re.findall(r"\bploutos (\w+)", block):
                    assert verb in VERBS, f"{page.name}: ploutos {verb}"


@pytest.mark.slow
def test_the_commands_of_the_tour_compose(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    tour = readme[readme.index("## A tour") : readme.index("## Rooms")]
    cheap, contrarian = re.findall(r"^```yaml\n(.*?)^```$", tour, re.M | re.S)
    for name, text in (("experiment/cheap", cheap), ("agent/contrarian", contrarian)):
        file = tmp_path / "my_conf" / f"{name}.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    blocks = re.findall(r"^```bash\n(.*?)^```$", tour, re.M | re.S)
    commands = [line for block in blocks for line in block.strip().splitlines()]
    commands.append("ploutos train --config-dir my_conf experiment=cheap")
    ploutos = Path(sys.executable).parent / "ploutos"
    composed = 0
    for command in commands:
        words = shlex.split(command)
        words = words[words.index("ploutos") + 1 :]
        if "-m" in words:  # one of the swept values stands for all
            words = [word.partition(",")[0] for word in words if word != "-m"]
        show = [] if "--cfg" in words else ["--cfg", "job"]
        # A study's sweep is no value of the job's config.
        words = [word for word in words if "range(" not in word]
        done = subprocess.run(
            [ploutos, *words, *show],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": "."},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, command + "\n" + done.stderr
        composed += 1
    assert composed >= 10
    assert not list(tmp_path.glob("outputs/**/verdict.json"))
