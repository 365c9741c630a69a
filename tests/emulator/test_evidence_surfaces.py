"""Each cause shows alike wherever it can be looked up: in ARM, in Graph, at Entra, in DNS, in what programs print."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from emulator.visiting import ARM, GRAPH, Visitor, arm_error, claims

from pytest_acrauth.emulator import SCENARIOS, Emulator
from pytest_acrauth.emulator.azure.resources import written
from pytest_acrauth.emulator.world.cloud import SUBSCRIPTION
from pytest_acrauth.emulator.world.healthy import CLIENT, OTHER_SUBSCRIPTION, PRINCIPAL, TENANT
from pytest_acrauth.emulator.world.network import Route
from pytest_acrauth.emulator.world.roles import EVIDENCE

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-registries"
MYACR = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/myacr"


class Looker(Visitor):
    """Looks things up as the user who is logged in to the Azure CLI, whatever became of other identities."""

    def bearer(self, resource: str = ARM, _tenant: str = "") -> dict[str, str]:
        """Return the header with the Azure CLI's token."""
        environ = dict(self.emulator.environ)
        az = shutil.which("az", path=environ["PATH"])
        command = [
            str(az),
            "account",
            "get-access-token",
            "--resource",
            resource,
            "--query",
            "accessToken",
            "-o",
            "tsv",
        ]
        ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        return {"Authorization": f"Bearer {ran.stdout.strip()}"}

    def registry(self) -> dict[str, Any]:
        """Return the registry's properties."""
        return self.arm(MYACR).json()["properties"]

    def token(self) -> dict[str, Any]:
        """Return the scope-map token's properties."""
        return self.arm(f"{MYACR}/tokens/puller").json()["properties"]

    def roles(self) -> dict[str, dict[str, Any]]:
        """Return what the service principal holds, by role id."""
        path, query = f"{MYACR}/providers/Microsoft.Authorization/roleAssignments", f"assignedTo('{PRINCIPAL}')"
        found = self.arm(path, version="2022-04-01", params={"$filter": query}).json()["value"]
        roles = {role.id: name for name, role in self.emulator.world.cloud.roles.items()}
        return {roles[each["properties"]["roleDefinitionId"].rpartition("/")[2]]: each["properties"] for each in found}

    @property
    def now(self) -> str:
        """The services' time, as ARM writes it."""
        return written(self.emulator.world.cloud.now())


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Iterator[Looker]:
    """Look around in the world of the scenario that the test is named after."""
    with Emulator(request.param) as emulator:
        looker = Looker(emulator)
        with looker.http:
            yield looker


def scenario(name: str) -> pytest.MarkDecorator:
    """Run a test in a scenario's world."""
    assert name in SCENARIOS
    return pytest.mark.parametrize("look", [name], indirect=True)


@scenario("admin-user-disabled")
def test_disabled_admin_user(look):
    """ARM says that the admin user is off, and the password is one that would be right."""
    assert look.registry()["adminUserEnabled"] is False
    registry = look.emulator.world.cloud.registries["myacr"]
    assert look.emulator.environ["ACR_PASSWORD"] in registry.admin_passwords


@scenario("admin-password-not-current")
def test_admin_password_not_current(look):
    """ARM says that the admin user is on, under the very name that was used."""
    assert look.registry()["adminUserEnabled"] is True
    assert look.emulator.environ["ACR_USERNAME"] == "myacr"


@scenario("admin-username-wrong")
def test_wrong_admin_user_name(look):
    """There is no token of that name, and the password is the admin user's."""
    user = look.emulator.environ["ACR_USERNAME"]
    assert arm_error(look.arm(f"{MYACR}/tokens/{user}")) == (404, "ResourceNotFound")
    assert look.basic("myacr", look.emulator.environ["ACR_PASSWORD"]).status_code == 200


@scenario("scope-map-token-password-wrong")
def test_regenerated_token_password(look):
    """The token is enabled, and its passwords are valid and younger than the token."""
    token = look.token()
    assert token["status"] == "enabled"
    for password in token["credentials"]["passwords"]:
        assert token["creationDate"] < password["creationTime"] < look.now < password["expiry"]


@scenario("scope-map-token-password-expired")
def test_expired_token_password(look):
    """Every password's end lies in the past."""
    passwords = look.token()["credentials"]["passwords"]
    assert len(passwords) == 2
    assert all(each["expiry"] < look.now for each in passwords)


@scenario("scope-map-token-disabled")
def test_disabled_token(look):
    """The token's status says it, its passwords would do."""
    token = look.token()
    assert token["status"] == "disabled"
    assert any("expiry" not in each for each in token["credentials"]["passwords"])


@scenario("scope-map-token-not-found")
def test_deleted_token(look):
    """The token is not there, the registry is."""
    assert arm_error(look.arm(f"{MYACR}/tokens/puller")) == (404, "ResourceNotFound")
    assert look.arm(MYACR).status_code == 200


@scenario("scope-map-token-no-password")
def test_token_without_password(look):
    """The token is enabled and has no password."""
    token = look.token()
    assert (token["status"], token["credentials"]["passwords"]) == ("enabled", [])


@scenario("scope-map-lacks-action")
def test_scope_map_without_the_action(look):
    """The token's map reads the repository and does not write it, and so says the access token."""
    name = look.token()["scopeMapId"].rpartition("/")[2]
    actions = look.arm(f"{MYACR}/scopeMaps/{name}").json()["properties"]["actions"]
    assert actions == ["repositories/team/app/content/read", "repositories/team/app/metadata/read"]
    environ = look.emulator.environ
    answer = look.basic(environ["ACR_USERNAME"], environ["ACR_PASSWORD"], "repository:team/app:pull,push")
    (entry,) = claims(answer.json()["access_token"])["access"]
    assert entry["actions"] == ["pull"]


@scenario("entra-sp-secret-expired")
def test_expired_secret(look):
    """Graph shows the secret in use by its hint, and an end in the past."""
    (secret,) = look.graph(f"applications(appId='{CLIENT}')").json()["passwordCredentials"]
    assert look.emulator.environ["AZURE_CLIENT_SECRET"].startswith(secret["hint"])
    assert secret["endDateTime"] < look.now
    environ = look.emulator.environ
    refused = look.basic(environ["ACR_SP_USERNAME"], environ["ACR_SP_PASSWORD"]).json()["errors"][0]["message"]
    assert refused == "Invalid clientid or client secret."
    assert look.entra(client_secret=environ["ACR_SP_PASSWORD"]).json()["error_codes"] == [7000222]


@scenario("entra-sp-secret-wrong")
def test_wrong_secret(look):
    """Graph shows a valid secret that begins with other characters; Basic login has the same wrong one."""
    (secret,) = look.graph(f"applications(appId='{CLIENT}')").json()["passwordCredentials"]
    environ = look.emulator.environ
    assert environ["AZURE_CLIENT_SECRET"] == environ["ACR_SP_PASSWORD"]
    assert not environ["AZURE_CLIENT_SECRET"].startswith(secret["hint"])
    assert secret["endDateTime"] > look.now
    refused = look.basic(environ["ACR_SP_USERNAME"], environ["ACR_SP_PASSWORD"]).json()["errors"][0]["message"]
    assert refused == "Invalid clientid or client secret."
    assert look.entra(client_secret=environ["ACR_SP_PASSWORD"]).json()["error_codes"] == [7000215]


@scenario("entra-app-not-found")
def test_application_that_is_gone(look):
    """The tenant has neither application nor service principal."""
    for kind in ("applications", "servicePrincipals"):
        assert arm_error(look.graph(f"{kind}(appId='{CLIENT}')")) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize("look", ["exchange-no-role", "sp-lacks-role"], indirect=True)
def test_no_role(look):
    """ARM lists no role with a right on what the registry holds, and the identity can still look that up itself."""
    assert set(look.roles()) == {EVIDENCE}
    bearer = Visitor.bearer(look)
    assert look.arm(MYACR, headers=bearer).status_code == 200


@scenario("role-propagation-delay")
def test_young_role(look):
    """ARM lists the role with an age of a minute; ten minutes later the exchange knows it."""
    assert look.exchange().status_code == 401
    assert look.roles()["AcrPull"]["createdOn"] > written(look.emulator.world.cloud.now() - 120, "Z")
    clock = look.emulator.world.cloud.clock
    look.emulator.world.cloud.clock = lambda: clock() + 600
    assert look.exchange().status_code == 200


@scenario("exchange-cross-tenant")
def test_another_tenant(look):
    """The token is good and of another tenant than the registry's subscription, which ARM tells anybody."""
    token = look.entra().json()["access_token"]
    assert claims(token)["tid"] != TENANT
    assert look.exchange(access_token=token).status_code == 401
    challenge = look.arm(f"/subscriptions/{SUBSCRIPTION}", headers={}).headers["WWW-Authenticate"]
    assert f"https://login.microsoftonline.com/{TENANT}" in challenge
    refused = look.arm(MYACR, headers=Visitor.bearer(look))
    assert arm_error(refused) == (401, "InvalidAuthenticationTokenTenant")


@scenario("firewall-ip-denied")
def test_rules_without_the_address(look):
    """ARM shows rules, and none of them holds the address that the registry names."""
    rules = look.registry()["networkRuleSet"]
    assert (rules["defaultAction"], [each["value"] for each in rules["ipRules"]]) == ("Deny", ["192.0.2.0/24"])
    assert look.registry()["publicNetworkAccess"] == "Enabled"


@scenario("firewall-public-access-disabled")
def test_no_public_access(look):
    """ARM shows that public access is off."""
    assert look.registry()["publicNetworkAccess"] == "Disabled"
    assert look.registry()["privateEndpointConnections"] == []


@scenario("firewall-rule-propagating")
def test_young_rule(look):
    """ARM shows the very address and a change a minute ago; minutes later the registry lets it in."""
    record = look.arm(MYACR).json()
    (rule,) = record["properties"]["networkRuleSet"]["ipRules"]
    assert rule["value"] == look.emulator.world.network.egress
    assert record["systemData"]["lastModifiedAt"] > written(look.emulator.world.cloud.now() - 120)
    assert look.exchange().status_code == 403
    clock = look.emulator.world.cloud.clock
    look.emulator.world.cloud.clock = lambda: clock() + 300
    assert look.exchange().status_code == 200


@scenario("private-dns-resolves-public")
def test_private_zone_not_linked(look):
    """An approved private endpoint, and a name that leads through the private zone to a public address all the same."""
    (endpoint,) = look.registry()["privateEndpointConnections"]
    assert endpoint["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert look.registry()["publicNetworkAccess"] == "Disabled"
    found = look.emulator.machine.resolve("myacr.azurecr.io")
    assert found.chain[1] == "myacr.privatelink.azurecr.io"
    assert found.addresses == ("203.0.113.11",)


@scenario("refresh-token-expired")
def test_expired_login(look):
    """The password is a refresh token of this registry that ended an hour ago."""
    token = claims(look.emulator.environ["ACR_PASSWORD"])
    assert (token["aud"], token["grant_type"]) == ("myacr.azurecr.io", "refresh_token")
    assert 0 < look.emulator.world.cloud.now() - token["exp"] - 3600 < 60


@scenario("abac-legacy-role-ineffective")
def test_old_role_in_the_new_mode(look):
    """ARM shows the mode and a role that it ignores; the exchange works, the access token is empty."""
    assert look.registry()["roleAssignmentMode"] == "AbacRepositoryPermissions"
    assert set(look.roles()) == {EVIDENCE, "AcrPull"}
    assert claims(look.access("repository:team/app:pull").json()["access_token"])["access"] == []


@scenario("abac-condition-excludes-repo")
def test_condition_on_another_repository(look):
    """ARM shows a role of the right kind, under a condition that the repository does not meet and another would."""
    held = look.roles()["Container Registry Repository Reader"]
    assert (held["conditionVersion"], "'team/app/'" in held["condition"]) == ("2.0", True)
    scopes = ("repository:team/app:pull", "repository:team/app/web:pull")
    granted = claims(look.access(*scopes).json()["access_token"])["access"]
    assert [each["name"] for each in granted] == ["team/app/web"]


@scenario("registry-dns-nxdomain")
def test_registry_that_is_gone(look):
    """No registry of that name is found anywhere, and the name is free."""
    check = f"/subscriptions/{OTHER_SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/checkNameAvailability"
    body = {"name": "myacr", "type": "Microsoft.ContainerRegistry/registries"}
    assert look.arm(check, "POST", json=body).json() == {"nameAvailable": True}
    listed = look.arm(f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/registries")
    assert listed.json()["value"] == []


@pytest.mark.broad(of=6)
@pytest.mark.parametrize("each", SCENARIOS.values(), ids=SCENARIOS)
def test_evidence_can_be_looked_up_in_every_scenario(each):
    """Whatever broke, somebody in that world can read the registry's record, unless that is what broke."""
    with Emulator(each.id) as emulator:
        looker = Looker(emulator)
        with looker.http:
            if each.record is None:
                with pytest.raises(subprocess.CalledProcessError):
                    looker.bearer()
                return
            assert looker.arm(MYACR).status_code == each.record
            assert looker.graph("applications").status_code == 200


def test_evidence_can_be_kept_away(emulator):
    """A blocked route, a role or the directory permission taken away, each keeps one look from being taken."""
    looker = Looker(emulator)
    with looker.http:
        headers = {GRAPH: looker.bearer(GRAPH), ARM: looker.bearer(ARM)}
        emulator.world.cloud.directory_readers.clear()
        emulator.world.cloud.assignments.clear()
        refused = looker.http.get(f"{GRAPH}/v1.0/applications", headers=headers[GRAPH])
        assert arm_error(refused) == (403, "Authorization_RequestDenied")
        assert arm_error(looker.arm(MYACR, headers=headers[ARM])) == (403, "AuthorizationFailed")
    for host in ("management.azure.com", "graph.microsoft.com"):
        emulator.world.network.route_all(host, Route.FILTERED)
        with pytest.raises(TimeoutError):
            emulator.machine.dial(*emulator.machine.resolve(host).addresses, 443, 0.1)
