"""Addresses with a password in them: refused in configs, taken out of whatever is told."""

import re

from ploutos.types import ConfigError

# Everything before the last "@" of the authority is user information (RFC 3986, section 3.2.1).
USER_INFORMATION = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.\-]*://)(?P<user>[^/?#\s]*)@")
SECRET_PARAMETER = re.compile(
    r"(?P<name>[?&;](?:password|passwd|pwd|token|secret|api_?key|access_?key|sslpassword)=)(?P<value>[^&;#\s]+)",
    re.IGNORECASE,
)
PLACES = "credentials come from the client's own places (PGPASSFILE, ~/.netrc, MLFLOW_TRACKING_PASSWORD)"


def refuse_credentials(key: str, value: str) -> None:
    """Refuse an address that holds a password or a token; the message does not repeat it."""
    found = USER_INFORMATION.search(value)
    if found and ":" in found.group("user"):
        raise ConfigError(f"{key}: '{without_credentials(value)}' came with a password; {PLACES}")
    if "://" in value and SECRET_PARAMETER.search(value):
        raise ConfigError(f"{key}: '{without_credentials(value)}' came with a secret; {PLACES}")


def without_credentials(text: str) -> str:
    """Return `text` with the user information and secret parameters of its addresses taken out."""
    return SECRET_PARAMETER.sub(r"\g<name>***", USER_INFORMATION.sub(r"\g<scheme>", text))
