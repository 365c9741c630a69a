"""Three registries and two identities: who may do what where, and which door is shut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_acrauth import RegistryUnderTest

SHOP, BASE, VAULT = "shopacr", "baseacr", "vaultacr"


@pytest.mark.acr_permissions("team/app", must="pull", must_not="push,delete", registry=SHOP, identity="puller")
@pytest.mark.acr_permissions("team/app", must="pull,push", must_not="delete", registry=SHOP, identity="builder")
def test_only_the_build_writes_the_application() -> None:
    """Clusters pull with one identity, the build pushes with the other."""


@pytest.mark.acr_permissions("team/app", must="pull", must_not="push", registry=BASE)
def test_nobody_here_writes_base_images() -> None:
    """They are another team's: both identities read them."""


@pytest.mark.acr_expect("network-shut-out", registry=VAULT)
def test_nobody_gets_into_the_vault_from_here() -> None:
    """It is reached through its private endpoint, and this runner is outside."""


@pytest.mark.acr_expect("admin-user-off", "anonymous-pull-off", registry=SHOP, identity="builder")
def test_every_login_has_a_name() -> None:
    """Settings are read from the registry's record, as who may read it."""


@pytest.mark.acr_ready(registry=SHOP, identity="puller", scope="repository:team/app:pull")
def test_the_application_can_be_listed(acr: RegistryUnderTest) -> None:
    """What a deployment needs to find out is there for whoever pulls."""
    shop = acr.of(SHOP, identity="puller")
    with shop.client("repository:team/app:pull,metadata_read") as client:
        assert "latest" in client.get("/v2/team/app/tags/list").json()["tags"]


def test_docker_gets_a_login_of_its_own(acr: RegistryUnderTest, tmp_path: Path) -> None:
    """A folder for DOCKER_CONFIG, with the login of this test's registry and identity and nothing else."""
    if acr.login_server.startswith(VAULT):
        acr.expect("network-shut-out")
        return
    assert (acr.docker_config(tmp_path / "docker") / "config.json").is_file()
