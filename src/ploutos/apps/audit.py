"""`ploutos audit`: whether anything in a composed config sees the future."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ploutos.apps.command import command
from ploutos.apps.errors import FAILURE

if TYPE_CHECKING:
    from ploutos.audit.report import Report
    from ploutos.audit.whole import Audited

NAMED = 8  # names in the last word


def prepare(config: DictConfig) -> "Audited":
    """Check the config, open the panel or build it, load the bars."""
    from ploutos.apps.parts import build, build_parts, open_panel
    from ploutos.apps.preflight import check_folders, check_values
    from ploutos.audit.whole import Audited
    from ploutos.env.market import Market
    from ploutos.types import ConfigError

    check_values(config)
    check_folders(config)
    check_settings(config)
    parts = build_parts(quick(config))
    parts.hardware.apply()
    panel = open_panel(parts)
    parts.regime.check(panel)
    parts.agent.check(parts.environment, Market.of(panel))
    folds = parts.split.folds(panel.ts, warmup_bars=parts.features.warmup_bars)
    if config.fold >= len(folds):
        raise ConfigError(f"fold: {config.fold} is outside the split's folds 0..{len(folds) - 1}")
    return Audited(
        bars=parts.source.load(),
        panel=panel,
        features=parts.features,
        universe=parts.universe,
        macro=parts.macro,
        regime=parts.regime,
        folds=folds,
        fold=folds[config.fold],
        environment=parts.environment,
        agent=parts.agent,
        slots=config.panel.get("slots"),
        embargo_bars=int(config.split.get("embargo_bars", 0)),
        source_again=lambda: build(config.data),
        macro_again=lambda: build(config.macro),
    )


def check_settings(config: DictConfig) -> None:
    """Refuse settings of the audit itself that cannot be meant."""
    from omegaconf import ListConfig

    from ploutos.apps.given import given
    from ploutos.audit.whole import COMPONENTS
    from ploutos.types import ConfigError, one_of

    if config.cuts < 1:
        raise ConfigError(f"cuts: {config.cuts} is not a whole number >= 1")
    if config.whole_cuts > config.cuts and given(config, "whole_cuts"):
        raise ConfigError(f"whole_cuts: {config.whole_cuts} is more than cuts: {config.cuts}")
    for key in ("components", "accept"):
        if not isinstance(config[key], ListConfig):
            raise ConfigError(f"{key}: {config[key]!r} is not a list; write '{key}=[{config[key]}]'")
    if not config.components:
        raise ConfigError(f"components: the list is empty; name one of {', '.join(COMPONENTS)}")
    for name in config.components:
        if name not in COMPONENTS:
            raise one_of("components", name, COMPONENTS)
    for key in ("quick_agent", "quick_regime"):
        if not isinstance(config[key], DictConfig):
            raise ConfigError(
                f"{key}: {config[key]!r} is not a mapping of settings; leave one out with ~{key}.NAME"
            )


def quick(config: DictConfig) -> DictConfig:
    """Return `config` with the settings that `quick_agent` and `quick_regime` name, where there are such."""
    from omegaconf import OmegaConf, open_dict

    changed = config.copy()
    OmegaConf.set_readonly(changed, False)
    with open_dict(changed):
        for group in ("agent", "regime"):
            for key, value in config[f"quick_{group}"].items():
                if key in changed[group]:
                    changed[group][key] = value
    return changed


def run(config: DictConfig, it: "Audited") -> float:
    """Audit, print a table, write `audit.json`; exits with 1 where something leaks."""
    from rich.console import Console

    from ploutos.apps.audit_table import explained, findings_table, sections_table
    from ploutos.apps.closing import tell
    from ploutos.apps.data_errors import DataErrors
    from ploutos.audit.report import Report
    from ploutos.audit.whole import Effort, sections
    from ploutos.tracking.files import replace_file

    effort = Effort(
        cuts=config.cuts,
        whole_cuts=min(config.whole_cuts, config.cuts),
        glances=config.glances,
        seed=config.audit_seed,
    )
    report = Report(
        sections=list(sections(it, effort, list(config.components))), accepted=[str(n) for n in config.accept]
    )
    file = Path(HydraConfig.get().runtime.output_dir) / "audit.json"
    replace_file(file, json.dumps(report.as_dict(), indent=2).encode())
    console = Console()
    tell(console, DataErrors.of(config, it.panel).lines())
    console.print(sections_table(report))
    if any(section.findings for section in report.sections):
        console.print(findings_table(report, width=console.width))
    for line in explained(report):
        say(console, line)
    say(console, verdict(report))
    say(console, f"report  {file}")
    if not report.clean:
        sys.exit(FAILURE)
    return 0.0


def say(console: "object", line: str) -> None:
    """Print one line as it is, however wide the terminal."""
    from rich.console import Console

    assert isinstance(console, Console)
    console.print(line, soft_wrap=True, highlight=False, markup=False)


def verdict(report: "Report") -> str:
    """Return the last word."""
    names = list(dict.fromkeys(finding.name for finding in report.leaks))
    if not names:
        return "CLEAN: nothing that was tried changes what was known before"
    told = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    if len(names) == 1:
        return f"LEAK: 1 output depends on what comes after it: {told}"
    return f"LEAK: {len(names)} outputs depend on what comes after them: {told}"


def main() -> int:
    """Compose and audit."""
    return command("audit", prepare, run)
