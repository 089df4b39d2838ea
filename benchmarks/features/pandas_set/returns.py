"""Returns and momentum, with pandas."""

from benchmarks.features.pandas_set.sheet import Series, Sheet, formula, over, std


@formula("return_{}")
def _return(s: Sheet, n: int) -> Series:
    return s.lc.diff(n)


@formula("momentum_{}")
def _momentum(s: Sheet, n: int) -> Series:
    return s.lc.diff(n)


@formula("momentum_skip_{}_{}")
def _momentum_skip(s: Sheet, n: int, m: int) -> Series:
    return s.lc.shift(m) - s.lc.shift(n)


@formula("acceleration_{}_{}")
def _acceleration(s: Sheet, n: int, m: int) -> Series:
    return s.lc.diff(n) / n - s.lc.diff(m) / m


@formula("return_strength_{}")
def _return_strength(s: Sheet, n: int) -> Series:
    return over(s.lc.diff(n), std(s.r, n) * n**0.5)


@formula("gap_1")
def _gap(s: Sheet) -> Series:
    return s.lo - s.lc.shift()


@formula("intrabar_1")
def _intrabar(s: Sheet) -> Series:
    return s.lc - s.lo
