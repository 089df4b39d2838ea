"""The report as one HTML file that needs nothing else: no network, no second file."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ploutos.report.page import render
from ploutos.tracking.files import replace_file
from ploutos.types import ConfigError, PositiveInt, Study, Verdict, checked

Points = Annotated[int, Field(ge=2)]


class Html:
    """Writes a study and its verdict as a page for people."""

    @checked
    def __init__(self, *, curve_points: Points, weight_points: Points, top_tickers: PositiveInt) -> None:
        self.curve_points = curve_points
        self.weight_points = weight_points
        self.top_tickers = top_tickers

    def write(
        self,
        study: Study,
        verdict: Verdict,
        path: Path,
        *,
        settings: str,
        facts: dict[str, str],
        warnings: tuple[str, ...] = (),
    ) -> None:
        """Write the page to `path`, whole or not at all; an older page is replaced.

        `settings` is the resolved configuration as text, `facts` are name-value pairs about the run,
        `warnings` what a reader should know before the figures.
        Raises ConfigError where the folder cannot be written.
        """
        page = render(
            study,
            verdict,
            settings=settings,
            facts=facts,
            warnings=warnings,
            curve_points=self.curve_points,
            weight_points=self.weight_points,
            top_tickers=self.top_tickers,
        )
        try:
            replace_file(path, page.encode("utf-8"))
        except OSError as error:
            raise ConfigError(f"report: cannot write '{path}': {error.strerror or error}") from error
