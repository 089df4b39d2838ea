"""Bars from CSV files."""

from typing import ClassVar

from ploutos.data.table_source import TableSource
from ploutos.data.tables import Kind


class Csv(TableSource):
    """A CSV file with a header, or a folder with a CSV file a ticker; settings as in `TableSource`.

    Times are ISO dates or date-times; other texts become empty times, which the quality rules tell.
    """

    kind: ClassVar[Kind] = "csv"
