"""Tests of a cluster, which mean something only where its registries can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_acrauth import RegistryUnderTest


@pytest.mark.cluster
def test_the_application_starts() -> None:
    """Whatever a suite does with its cluster."""


def test_the_registry_is_one_of_ours(acr: RegistryUnderTest) -> None:
    """Every registry that Terraform made has its turn."""
    assert acr.login_server.endswith(".azurecr.io")
