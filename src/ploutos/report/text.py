"""Numbers and names as people read them; every name is escaped on its way into a page."""

import html
import math

MINUS = "\N{MINUS SIGN}"


def escape(text: object) -> str:
    """Return `text` safe inside HTML elements, attributes and Plotly labels."""
    return html.escape(str(text), quote=True)


def plain(value: float | None, digits: int = 2, *, sign: bool = False) -> str:
    """Return `value` with `digits` decimals and thousands separators in ASCII; "n/a" where there is none."""
    if value is None or not math.isfinite(value):
        return "n/a"
    rounded = round(value, digits) + 0.0  # + 0.0 turns -0.0 into 0.0
    return f"{rounded:{'+' if sign and rounded else ''},.{digits}f}"


def number(value: float | None, digits: int = 2, *, sign: bool = False) -> str:
    """Return what `plain` does, with a typographic minus."""
    return plain(value, digits, sign=sign).replace("-", MINUS)


def figures(value: float | None) -> str:
    """Return a check's value or threshold in ASCII, in four significant figures."""
    if value is None or not math.isfinite(value):
        return "n/a"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
