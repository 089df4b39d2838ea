"""The text of a file: decompressed, decoded, with one sign at the end of a line."""

import codecs
import gzip
import zlib
from pathlib import Path

from ploutos.data.recognition.layout import AUTO
from ploutos.types import ConfigError, DataError

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""What a file may begin with to tell its encoding; UTF-32 before UTF-16, which begins alike."""

WESTERN = "cp1252"
"""What bytes that are no UTF-8 are read as, to recognise a file; a ticker may not depend on it."""


def read_text(file: Path, encoding: str) -> tuple[str, str]:
    """Return the text and its encoding; `encoding` may be `auto`.

    Raises
    ------
    DataError
        A file that cannot be read, or not in this encoding.
    ConfigError
        There is no such encoding.
    """
    try:
        raw = file.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{file} cannot be read as CSV: {error}") from error
    chosen = encoding_of(raw) if encoding == AUTO else encoding
    try:
        text = raw.decode("utf-8-sig" if chosen == "utf-8" else chosen)
    except LookupError as error:
        raise ConfigError(
            f"data.format.encoding: there is no encoding '{chosen}'; such as utf-8 or cp1252"
        ) from error
    except UnicodeError as error:
        raise DataError(f"{file} cannot be read as CSV: {error}; see data.format.encoding") from error
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.removeprefix("\ufeff"), chosen


def encoding_of(raw: bytes) -> str:
    """Return the encoding that the bytes tell, `WESTERN` where they tell none."""
    for mark, name in BOMS:
        if raw.startswith(mark):
            return name
    head = raw[:1000]
    if len(head) >= 4 and head[1::2].count(0) > 0.4 * len(head) and not head[::2].count(0):
        return "utf-16-le"
    if len(head) >= 4 and head[::2].count(0) > 0.4 * len(head) and not head[1::2].count(0):
        return "utf-16-be"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return WESTERN
    return "utf-8"
