"""The environment's proxy: one that cannot be meant is told as such, and what is shown of it holds no password."""

from __future__ import annotations

import pytest

from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.probes.http.proxies import BadProxy, check_proxy, without_user

NO_ADDRESSES = [
    "http://proxy.example:abc",
    "http://[::1",
    "http://proxy.example:99999",
    "http://proxy.example:0",
    "http://someone:planted-password",
    "http://",
    "http://someone:planted-password@",
]


@pytest.mark.parametrize("proxy", NO_ADDRESSES)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_mistyped_proxy_is_told_by_its_variable(name, proxy):
    """The variable is named and its value is not: a password may be anywhere in it."""
    with pytest.raises(BadProxy, match=f"^{name} ") as refused:
        check_proxy({name: proxy})
    assert "planted-password" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert "planted-password" not in without_user(proxy, Secrets())


def test_only_the_proxy_that_counts_is_looked_at():
    """A variable that another one stands before is not heeded, and so no mistake."""
    check_proxy({"https_proxy": "proxy.example:3128", "ALL_PROXY": "http://[::1"})
    check_proxy({"http_proxy": "http://[::1"})


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://someone:planted@password@proxy.example:3128", "proxy.example:3128"),
        ("proxy.example", "proxy.example"),
        ("socks5://someone:planted-password@proxy.example:1080/path", "socks5://proxy.example:1080"),
        ("http://##vso[task.complete]:80", "an address that cannot be read"),
        ("", ""),
    ],
)
def test_a_proxy_is_shown_without_its_user(proxy, shown):
    """Host and port are shown, and the scheme where it is not the usual one."""
    assert without_user(proxy, Secrets()) == shown
