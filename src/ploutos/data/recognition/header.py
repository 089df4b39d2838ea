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
    found: list[tuple[str, str | None]] = []
    for column in range(width):
        shared = _cell(index, column)
        ticker = None if tickers_line is None or shared else _cell(block[tickers_line - 1], column) or None
        name = shared or ("" if names_line is None else _cell(block[names_line - 1], column))
        name = name or f"column_{column + 1}"
        count = 1
        while (unique := name if count == 1 else f"{name} ({count})", ticker) in found:
            count += 1
        found.append((unique, ticker))
    return found


def _tells_tickers(block: list[list[str]], names: int, line: int) -> bool:
    """Return whether each text of `line` stands over or under all four prices and the volume, if there is one."""
    if not 0 <= line < len(block) or score(block[line][1:]):
        return False
    groups: dict[str, list[str]] = {}
    nameless = []
    for column, name in enumerate(block[names]):
        ticker = _cell(block[line], column)
        (groups.setdefault(ticker, []) if ticker else nameless).append(name)
    complete = [t for t, held in groups.items() if all(candidates(role, held) for role in PRICES)]
    # The first cell may say what the line is, such as "Ticker".
    rest = [held for ticker, held in groups.items() if ticker not in complete and ticker != _cell(block[line], 0)]
    return bool(complete) and not rest and not candidates("volume", nameless)


def _leads(cells: list[str]) -> bool:
    """Return whether only the first of the fields holds something: the name of the rows."""
    return bool(cells) and bool(cells[0].strip()) and not any(cell.strip() for cell in cells[1:])


def _filled(cells: list[str]) -> bool:
    return sum(bool(cell.strip()) for cell in cells) >= 2


def _cell(cells: list[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""
