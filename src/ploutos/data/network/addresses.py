"""The address of a service: plain, and given a key only where the key belongs."""

import os
import re
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from ploutos.types import ConfigError

ALLOWED = "PLOUTOS_KEY_HOSTS"
# Nothing that two parsers could read as two hosts: no user information, backslash or white space.
PLAIN = re.compile(
    r"https?://(?:[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/%\-]*)?"
)


def check_address(base_url: str | None) -> str | None:
    """Return the address as it is; refuses one that is not http(s), a host, perhaps a port and a path."""
    if base_url is not None and not PLAIN.fullmatch(base_url):
        shown = re.sub(r"//[^/?#]*@", "//", base_url).partition("?")[0]
        raise ConfigError(f"base_url: '{shown}' is no plain address such as https://host/path")
    return base_url


def require_own_host(base_url: str | None, hosts: Collection[str], *, keys: str) -> None:
    """Refuse to send `keys` (their names) to a host that is neither one of the provider's nor this machine.

    The user, not a config, allows others: PLOUTOS_KEY_HOSTS names them, with commas. Over the network they go
    encrypted only.
    """
    if base_url is None:
        return
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower().rstrip(".")
    if _loopback(host):
        return
    allowed = {name.strip().lower() for name in os.environ.get(ALLOWED, "").split(",")} - {""}
    if host not in {*hosts, *allowed}:
        raise ConfigError(
            f"base_url: {keys} belongs to {', '.join(sorted(hosts))} and is not sent to '{host}';"
            f" to allow it, set {ALLOWED}={host} in the environment"
        )
    if parts.scheme != "https":
        raise ConfigError(f"base_url: {keys} is not sent unencrypted; use https://{host}")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
