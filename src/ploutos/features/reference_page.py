"""The reference page of all declared features: docs/features.md."""

from collections.abc import Mapping, Sequence

from ploutos.features.catalogue import FAMILIES
from ploutos.features.engine.column import Column
from ploutos.features.feature import Declaration, Family

HEAD = """# Features

This page is made from the declarations in `ploutos.features.families`:
`python -m ploutos.apps.feature_page > docs/features.md`. A test compares the two.

A feature is a ratio of prices or volumes of one ticker, never a price: multiplying all prices or all volumes
of a ticker by a number changes nothing. Numbers in a name are windows in the ticker's own bars (gaps do not
count); any window can be asked for by name.

```bash
ploutos train features=technical                                     # all families but the last two
ploutos train features=technical 'features.groups=[returns,volatility,market]'
ploutos train features=technical 'features.include=[rsi_21,rank_6]' 'features.exclude=[month_turn]'
```

Signals that a data source supplies stand behind the features, under their own names.

## What holds for all of them

- **Causality.** A value depends on the bar, on the `memory` bars of its ticker before it, and on nothing
  else, to the last bit: not on what follows, not on what came before
  ([how](adr/0006-rolling-windows-by-doubling.md)). Features that compare tickers depend on these bars of all.
- **Warm-up.** The first `warm-up` rows of a ticker are NaN. A ticker is a member of the universe only where
  all its features are known.
- **NaN.** A bar with an unknown number makes the features that read it NaN while it lies in their memory.
- **No movement, no volume.** Where a denominator is 0, the value is 0 (%b: 1/2), never infinity.
- **A wrong tick** of 100 times the price distorts a value while it lies in the memory, and not a bit of it
  afterwards. Data quality is another stage's work.
- **Ties.** Two prices that differ by less than 1e-9 of the price are equal, whatever their last bits: such a
  return, range, deviation or difference of moves is 0, also in a denominator. So is a deviation of volumes
  below 1e-9 of their mean.
- **Bounds** of a unit hold for every bar, also where a close lies outside of its own high and low.
- **Gaps.** At a time without a bar a ticker keeps its last values.
- **Exponential averages** (E for span n, W for Wilder's) weigh with `(1 - a)^age`, `a = 2 / (n + 1)` or
  `1 / n`, over the rows there are, of the last 2^k at most, with k such that `(1 - a)^(2^k) < 2^-26`: what
  float32 cannot show is forgotten. pandas calls them `ewm(adjust=True)`.
- Prices are adjusted forward for splits and dividends. Volatilities are per bar, not annualised. `log` is
  natural.

Values are computed in float64 and stored as float32. Live, `ploutos.features.live.LiveFeatures` takes one bar
of all tickers and returns what the batch would, to the bit; it begins with the rows that a set's `history`
picks.
[How to add one](add_a_new/feature.md), [why it is built like this](adr/0018-features-are-programs.md).
"""


def reference_page(presets: Mapping[str, Sequence[str]]) -> str:
    """Return the page; `presets` are the names of the features of each shipped configuration."""
    parts = [HEAD, "## Shipped sets\n", "| configuration | columns |", "|---|---|"]
    parts += [
        f"| `features={preset}` | {len(names)}: {_listed(names, preset)} |"
        for preset, names in presets.items()
    ]
    for family in FAMILIES.values():
        parts += ["", *_family(family)]
    return "\n".join(parts) + "\n"


def _listed(names: Sequence[str], preset: str) -> str:
    if len(names) > 40 or preset == "cross_sectional":
        families = [name for name, family in FAMILIES.items() if _shipped(family) <= set(names)]
        return "the families " + ", ".join(f"[{name}](#{name})" for name in families)
    return ", ".join(f"`{name}`" for name in names)


def _shipped(family: Family) -> set[str]:
    return {d.name(windows) for d in family.declarations for windows in d.shipped}


def _family(family: Family) -> list[str]:
    lines = [
        f"## {family.name}",
        "",
        family.about,
        "",
        "| features of the group | formula | unit | warm-up, memory [bars] | source |",
        "|---|---|---|---|---|",
    ]
    return lines + [_row(declaration) for declaration in family.declarations]


def _row(declaration: Declaration) -> str:
    features = [declaration.feature(windows) for windows in declaration.shipped]
    names = ", ".join(f"`{feature.name}`" for feature in features)
    spans = "; ".join(f"{f.warmup}, {f.memory}" if isinstance(f.value, Column) else "0, 0" for f in features)
    windows = f"`{declaration.pattern}`: " if "{" in declaration.pattern else ""
    formula = declaration.formula.replace("|", "\\|")
    return f"| {names} | {windows}{formula} | {declaration.unit} | {spans} | {declaration.source} |"
