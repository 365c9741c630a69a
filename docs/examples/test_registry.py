"""What a team promises itself about its registry, beside the built-in checks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_acrauth import RegistryUnderTest

DEPLOYMENT = Path(__file__).with_name("deployment.yaml").read_text(encoding="utf-8")
IMAGES = re.findall(r"image: (?P<server>[^/\s]+)/(?P<repository>[^:\s]+)", DEPLOYMENT)

# The hosts that the firewall of our build agents lets through, besides the registry itself.
STORAGE = (".blob.core.windows.net", ".data.azurecr.io")

pytestmark = pytest.mark.acr_ready


def test_deployment_reads_and_does_no_more(acr: RegistryUnderTest) -> None:
    """Whoever deploys may read the application's image; only the build may write it."""
    assert acr.permissions("team/app") == {"pull", "metadata_read"}


@pytest.mark.parametrize(("server", "repository"), IMAGES)
def test_every_deployed_image_can_be_pulled(acr: RegistryUnderTest, server: str, repository: str) -> None:
    """Each image of the deployment is in the registry under test, and we may pull it."""
    assert server == acr.login_server
    acr.require(f"repository:{repository}:pull")


def test_layers_come_through_our_firewall(acr: RegistryUnderTest) -> None:
    """The registry hands out layers from hosts that our firewall knows."""
    hosts = [access.data.redirect for access in acr.transcript.accesses if access.data is not None]
    assert all(host.endswith(STORAGE) for host in hosts if host)
