"""The lines of column names: which names, which tells tickers, and where they begin."""

from dataclasses import dataclass

from ploutos.data.recognition.names import PRICES, candidates, score

MOST = 5  # lines of names that are looked at


@dataclass(frozen=True)
class Header:
    """How many of the lines above the rows belong to the names; see `layout.Format`."""

    header_lines: int
    names_line: int | None
    tickers_line: int | None


def recognise_header(block: list[list[str]]) -> Header:
    """Return what the lines above the first row say.

    Parameters
    ----------
    block : the lines that directly precede the first row and have as many fields, each as its fields.
    """
    block = block[-MOST:]
    if not block:
        return Header(0, None, None)
    scores = [score(cells) for cells in block]
    best = max(range(len(block)), key=lambda n: (scores[n], n))
    if scores[best] == 0:
        best = max(n for n, cells in enumerate(block) if _filled(cells) or n == len(block) - 1)
    tickers = next((n for n in (best - 1, best + 1) if _tells_tickers(block, best, n)), None)
    first = best if tickers is None else min(best, tickers)
    return Header(len(block) - first, best - first + 1, None if tickers is None else tickers - first + 1)


def column_names(
    block: list[list[str]], names_line: int | None, tickers_line: int | None, width: int
) -> list[tuple[str, str | None]]:
    """Return name and ticker of each of the `width` columns; no name occurs twice with one ticker.

    Parameters
    ----------
    block : the lines of names, of which `names_line` and `tickers_line` count from 1.
    """
    last = block[-1] if block else []
    index = last if len(block) not in (names_line, tickers_line) and _leads(last) else []
    above = [] if names_line is None else block[names_line - 1]
    beside = [] if tickers_line is None else block[tickers_line - 1]
    tickers = _complete(above, beside)
    found: list[tuple[str, str | None]] = []
    for column in range(width):
        ticker = _cell(beside, column)
        shared = ticker not in tickers
        name = _cell(index, column) or _cell(above, column) or (ticker if shared else "")
        name = name or f"column_{column + 1}"
        owner = None if shared or _cell(index, column) else ticker
        count = 1
        while (unique := name if count == 1 else f"{name} ({count})", owner) in found:
            count += 1
        found.append((unique, owner))
    return found


def _tells_tickers(block: list[list[str]], names: int, line: int) -> bool:
    """Return whether each text of `line` belongs to all four prices, and to the volume if there is one."""
    if not 0 <= line < len(block) or score(block[line][1:]):
        return False
    tickers = _complete(block[names], block[line])
    others = {_cell(block[line], n) for n in range(1, len(block[line]))} - {"", *tickers}
    nameless = [name for n, name in enumerate(block[names]) if not _cell(block[line], n)]
    # The first cell may say what the line is, such as "Ticker".
    return bool(tickers) and not others and not candidates("volume", nameless)


def _complete(names: list[str], tickers: list[str]) -> list[str]:
    """Return the texts of the line `tickers` that stand over or under all four prices."""
    groups: dict[str, list[str]] = {}
    for column, name in enumerate(names):
        if ticker := _cell(tickers, column):
            groups.setdefault(ticker, []).append(name)
    return [t for t, held in groups.items() if all(candidates(role, held) for role in PRICES)]


def _leads(cells: list[str]) -> bool:
    """Return whether only the first of the fields holds something: the name of the rows."""
    return bool(cells) and bool(cells[0].strip()) and not any(cell.strip() for cell in cells[1:])


def _filled(cells: list[str]) -> bool:
    return sum(bool(cell.strip()) for cell in cells) >= 2


def _cell(cells: list[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""
