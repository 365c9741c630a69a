"""What the emulated Graph tells of applications, and to whom."""

from __future__ import annotations

from emulator.visiting import ARM, GRAPH, arm_error

from pytest_acrauth.emulator.scenarios.variants import MACHINE_IDENTITY, on_virtual_machine, with_certificate
from pytest_acrauth.emulator.world.directory import FederatedCredential, Password
from pytest_acrauth.emulator.world.healthy import CLIENT, OTHER_TENANT, PRINCIPAL, TENANT

NOBODY = "99999999-2222-4333-8444-555555555555"


def test_application_shows_dates_and_hints(visitor):
    """An application's secrets are shown by hint, dates and key id, and never by value."""
    application, headers = visitor.emulator.world.cloud.applications[CLIENT], visitor.bearer(GRAPH)
    application.secrets[:] = [Password("abcdef", 0.0, 86400.0), Password("uvwxyz", 0.0)]
    response = visitor.http.get(f"{GRAPH}/v1.0/applications(appId='{CLIENT}')", headers=headers)
    first, second = response.json()["passwordCredentials"]
    assert (first["hint"], first["startDateTime"]) == ("abc", "1970-01-01T00:00:00Z")
    assert (first["endDateTime"], second["endDateTime"]) == ("1970-01-02T00:00:00Z", None)
    assert first["keyId"] != second["keyId"]
    assert "abcd" not in response.text


def test_certificates_show_dates_and_thumbprint(visitor):
    """A certificate is shown by its thumbprint and dates."""
    visitor.emulator.world.cloud.applications[CLIENT].federated.append(FederatedCredential("https://issuer", "subject"))
    headers = visitor.bearer(GRAPH)
    visitor.emulator.change(with_certificate)
    (certificate,) = visitor.emulator.world.cloud.applications[CLIENT].certificates
    response = visitor.http.get(f"{GRAPH}/v1.0/applications(appId='{CLIENT}')", headers=headers)
    (shown,) = response.json()["keyCredentials"]
    assert (shown["type"], shown["customKeyIdentifier"]) == ("AsymmetricX509Cert", certificate.identifier)
    assert shown["startDateTime"] < shown["endDateTime"]
    path = f"{GRAPH}/v1.0/applications/{response.json()['id']}/federatedIdentityCredentials"
    (federated,) = visitor.http.get(path, headers=headers).json()["value"]
    assert (federated["issuer"], federated["audiences"]) == ("https://issuer", ["api://AzureADTokenExchange"])


def test_objects_are_found_by_filter_too(visitor):
    """By $filter an unknown application is an empty list; by key it is not found; $select chooses columns."""
    query = {"$filter": f"appId eq '{CLIENT}'", "$select": "id,appId"}
    (found,) = visitor.graph("applications", **query).json()["value"]
    assert sorted(found) == ["appId", "id"]
    assert visitor.graph("applications", **{"$filter": f"appId eq '{NOBODY}'"}).json()["value"] == []
    assert arm_error(visitor.graph(f"applications(appId='{NOBODY}')")) == (404, "Request_ResourceNotFound")
    assert arm_error(visitor.graph(f"servicePrincipals(appId='{NOBODY}')")) == (404, "Request_ResourceNotFound")
    (principal,) = visitor.graph("servicePrincipals", **query | {"$select": "id,accountEnabled"}).json()["value"]
    assert principal == {"id": PRINCIPAL, "accountEnabled": True}


def test_disabled_application_is_told(visitor):
    """Whether a service principal is enabled is told with its object id, which is not the application's."""
    headers = visitor.bearer(GRAPH)
    visitor.emulator.world.cloud.applications[CLIENT].enabled = False
    found = visitor.http.get(f"{GRAPH}/v1.0/servicePrincipals(appId='{CLIENT}')", headers=headers).json()
    assert (found["id"], found["accountEnabled"]) == (PRINCIPAL, False)
    assert visitor.http.get(f"{GRAPH}/v1.0/servicePrincipals/{PRINCIPAL}", headers=headers).json()["appId"] == CLIENT


def test_tenants_see_their_own(visitor):
    """A tenant that an application only visits has its service principal, and not its secrets."""
    cloud = visitor.emulator.world.cloud
    cloud.applications[CLIENT].principals[OTHER_TENANT] = PRINCIPAL
    headers = visitor.bearer(GRAPH, OTHER_TENANT)
    principal = visitor.http.get(f"{GRAPH}/v1.0/servicePrincipals(appId='{CLIENT}')", headers=headers).json()
    assert principal["appOwnerOrganizationId"] == TENANT
    missing = visitor.http.get(f"{GRAPH}/v1.0/applications(appId='{CLIENT}')", headers=headers)
    assert arm_error(missing) == (404, "Request_ResourceNotFound")


def test_managed_identities_have_no_application(visitor):
    """A managed identity is a service principal alone."""
    headers = visitor.bearer(GRAPH)
    visitor.emulator.change(on_virtual_machine)
    path = f"{GRAPH}/v1.0/servicePrincipals(appId='{MACHINE_IDENTITY}')"
    found = visitor.http.get(path, headers=headers).json()
    assert (found["servicePrincipalType"], len(found["alternativeNames"])) == ("ManagedIdentity", 1)
    missing = visitor.http.get(path.replace("servicePrincipals", "applications"), headers=headers)
    assert arm_error(missing) == (404, "Request_ResourceNotFound")


def test_directory_is_for_its_readers(visitor):
    """Without the directory permission Graph refuses, with another token or none it does not know the caller."""
    path = f"{GRAPH}/v1.0/applications(appId='{CLIENT}')"
    assert arm_error(visitor.http.get(path)) == (401, "InvalidAuthenticationToken")
    assert arm_error(visitor.http.get(path, headers=visitor.bearer(ARM))) == (401, "InvalidAuthenticationToken")
    visitor.emulator.world.cloud.directory_readers.clear()
    response = visitor.http.get(path, headers=visitor.bearer(GRAPH))
    assert arm_error(response) == (403, "Authorization_RequestDenied")
    assert response.json()["error"]["message"] == "Insufficient privileges to complete the operation."
    clock = visitor.emulator.world.cloud.clock
    headers = visitor.bearer(GRAPH)
    visitor.emulator.world.cloud.clock = lambda: clock() + 7200
    assert arm_error(visitor.http.get(path, headers=headers)) == (401, "InvalidAuthenticationToken")
