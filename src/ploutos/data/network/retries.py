"""Asking a service again: bounded attempts, growing pauses, `Retry-After` honoured, a limit on the rate."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_base, wait_exponential, wait_random

from ploutos.types import DataError, NonNegativeFloat, PositiveFloat, PositiveInt

T = TypeVar("T")
PASSING = (408, 425, 429)  # beside every status of 500 and more


class Transient(Exception):
    """A failure that may pass: ask again.

    Parameters
    ----------
    reason : what happened, in a few words and without secrets.
    retry_after : seconds that the service asks to wait, if it said so.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Network(BaseModel):
    """How a service is asked; every source over the network has these settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_seconds: PositiveFloat
    attempts: PositiveInt
    backoff_seconds: NonNegativeFloat
    max_wait_seconds: NonNegativeFloat
    requests_per_minute: PositiveFloat


class Caller:
    """Calls one service within its limits.

    Parameters
    ----------
    settings : attempts, pauses and rate.
    service : the name in error messages.
    """

    def __init__(self, settings: Network, service: str) -> None:
        self.settings = settings
        self.service = service
        self._next_at = 0.0

    def __call__(self, ask: Callable[[], T], what: str) -> T:
        """Return what `ask` returns, after further attempts where it raises `Transient`.

        Raises
        ------
        DataError
            The attempts are used up, or the service asks for a longer pause than allowed; one line.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(Transient),
            stop=self._enough,
            wait=_Pause(self.settings),
            before=lambda _: self._keep_the_rate(),
            reraise=True,
        )
        try:
            return retrying(ask)
        except Transient as failure:
            count = retrying.statistics.get("attempt_number", 1)
            tries = "1 attempt" if count == 1 else f"{count} attempts"
            raise DataError(f"{self.service}: {what}: {failure} ({tries})") from failure

    def _keep_the_rate(self) -> None:
        now = time.monotonic()
        if now < self._next_at:
            time.sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + 60 / self.settings.requests_per_minute

    def _enough(self, state: RetryCallState) -> bool:
        asked = _asked_pause(state)
        too_long = asked is not None and asked > self.settings.max_wait_seconds
        return too_long or state.attempt_number >= self.settings.attempts


class _Pause(wait_base):
    """The pause that the service asks for, else an exponential one with jitter."""

    def __init__(self, settings: Network) -> None:
        start, longest = settings.backoff_seconds, settings.max_wait_seconds
        self._own = wait_exponential(multiplier=start, max=longest) + wait_random(0, start)

    def __call__(self, retry_state: RetryCallState) -> float:
        asked = _asked_pause(retry_state)
        return self._own(retry_state) if asked is None else asked


def _asked_pause(state: RetryCallState) -> float | None:
    failure = state.outcome.exception() if state.outcome is not None else None
    return failure.retry_after if isinstance(failure, Transient) else None


def raise_if_passing(status: int, headers: Mapping[str, str | None]) -> None:
    """Raise `Transient` for an HTTP status that may pass, with the pause that the headers ask for."""
    if status in PASSING or status >= 500:
        asked = retry_after_seconds(next((v for k, v in headers.items() if k.lower() == "retry-after"), None))
        told = "" if asked is None else f", asks to wait {asked:g} s"
        raise Transient(f"HTTP {status}{told}", asked)


def retry_after_seconds(value: str | None) -> float | None:
    """Return the pause of a `Retry-After` header, given in seconds or as a date; None if it says nothing."""
    if value is None:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.0)
