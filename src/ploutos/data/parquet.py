"""Bars from Parquet files."""

from typing import ClassVar

from ploutos.data.table_source import TableSource
from ploutos.data.tables import Kind


class Parquet(TableSource):
    """A Parquet file, or a folder with a Parquet file a ticker; settings as in `TableSource`."""

    kind: ClassVar[Kind] = "parquet"
