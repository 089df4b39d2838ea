"""Which addresses are plain, and to which hosts keys are sent."""

import pytest

from ploutos.data.network.addresses import check_address, require_own_host
from ploutos.types import ConfigError

OWN = ("api.own.example",)


@pytest.mark.parametrize(
    "address", [None, "https://host", "http://127.0.0.1:8000", "https://a.b-c.de/v2/x_y", "http://[::1]:80/"]
)
def test_plain_addresses_pass(address):
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "https://me:secret@host/",
        "https://me@host",
        "https://evil.example\\@api.own.example/",
        "https://evil.example#@api.own.example/",
        "https://host/?api_key=secret",
        "file:///etc/passwd",
        "ftp://host",
        "host",
        "https://host name/",
        "https://host\n.evil.example",
        "",
    ],
)
def test_others_do_not_and_secrets_are_not_repeated(address):
    with pytest.raises(ConfigError, match="is no plain address") as refused:
        check_address(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        None,
        "https://api.own.example",
        "https://API.own.example.:443/x",
        "http://localhost:1",
        "http://127.3.2.1",
        "http://[::1]/",
    ],
)
def test_own_hosts_and_this_machine_are_given_keys(address):
    require_own_host(address, OWN, keys="KEY")


@pytest.mark.parametrize(
    "address",
    [
        "https://own.example",
        "https://xapi.own.example",
        "https://api.own.example.evil.example",
        "https://localhost.evil.example",
        "https://0.0.0.0",
        "https://192.168.0.1",
        "https://169.254.169.254",
    ],
)
def test_no_other_host_is(address, monkeypatch):
    monkeypatch.delenv("PLOUTOS_KEY_HOSTS", raising=False)
    with pytest.raises(ConfigError, match=r"KEY belongs to api\.own\.example and is not sent to"):
        require_own_host(address, OWN, keys="KEY")
    host = address.removeprefix("https://")
    monkeypatch.setenv("PLOUTOS_KEY_HOSTS", f"first.example, {host.upper()}")
    require_own_host(address, OWN, keys="KEY")


def test_the_own_host_is_not_given_a_key_unencrypted():
    with pytest.raises(ConfigError, match=r"KEY is not sent unencrypted; use https://api\.own\.example"):
        require_own_host("http://api.own.example", OWN, keys="KEY")
