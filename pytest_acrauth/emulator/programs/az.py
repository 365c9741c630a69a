"""What the Azure CLI answers in each state of the world: its own texts over what ARM, Entra and the registry hold.

Texts and order of steps: azure-cli 2.91.0, ``azure.cli.core`` and its module ``acr``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from pytest_acrauth.emulator.azure.answers import Refusal, new_id
from pytest_acrauth.emulator.azure.assertions import Fault
from pytest_acrauth.emulator.azure.gate import Gate, denied
from pytest_acrauth.emulator.azure.issuing import (
    CHINAS_MANAGEMENT,
    LIFE,
    REGISTRY_AUDIENCE,
    audience_of,
    entra_token,
    token_of_china,
)
from pytest_acrauth.emulator.azure.login import TokenServer
from pytest_acrauth.emulator.azure.paths import taken_apart
from pytest_acrauth.emulator.azure.people import admit
from pytest_acrauth.emulator.azure.resources import registry_json
from pytest_acrauth.emulator.azure.rights import Caller, Kind, known
from pytest_acrauth.emulator.programs.containers import docker, podman
from pytest_acrauth.emulator.programs.outcome import Call, Ran
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import ARM, AUTHORITY, Cloud, Registry, Subscription
from pytest_acrauth.emulator.world.directory import Principal, User
from pytest_acrauth.emulator.world.network import Issuer, Route
from pytest_acrauth.emulator.world.roles import REGISTRIES
from pytest_acrauth.emulator.world.workplace import Az

_NULL_GUID = "00000000-0000-0000-0000-000000000000"
_MANAGEMENT = "https://management.core.windows.net/"
_VERSION = "2025-11-01"
_UNTRUSTED = (
    "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed "
    "certificate in certificate chain (_ssl.c:1006)'))\n"
    "Certificate verification failed. This typically happens when using Azure CLI behind a proxy that intercepts "
    "traffic with a self-signed certificate. Please add this certificate to the trusted CA bundle. More info: "
    "https://learn.microsoft.com/cli/azure/use-cli-effectively#work-behind-a-proxy."
)


class _Stop(Exception):
    """What ends a command: its error, as the CLI prints it, and the exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.text, self.code = text, code


def az(world: World, call: Call) -> Ran:
    """Answer as the Azure CLI does; errors and warnings are on standard error."""
    assert world.machine.az is not None  # noqa: S101 - without it nobody finds the program
    command = _Command(world, world.machine.az, call)
    try:
        out = command.run()
    except _Stop as stop:
        return Ran(stop.code, err="".join([*command.warnings, f"ERROR: {stop.text}\n"]))
    return Ran(0, out, "".join(command.warnings))


class _Command:
    """One command of the CLI, with what it warns of."""

    def __init__(self, world: World, machine: Az, call: Call) -> None:
        self._world, self._machine, self._call = world, machine, call
        self.warnings: list[str] = []

    @property
    def _cloud(self) -> Cloud:
        return self._world.cloud

    def run(self) -> str:
        """Return what the command prints. Raises `_Stop`."""
        commands: dict[tuple[str, ...], Callable[[], Any]] = {
            ("account", "show"): lambda: self._account(self._subscription()),
            ("account", "list"): lambda: [self._account(each) for each in self._subscriptions()],
            ("account", "get-access-token"): self._token,
            ("acr", "show"): self._shown,
            ("acr", "list"): self._registries,
            ("acr", "login"): self._login,
        }
        if self._call.begins("--version"):
            return f"azure-cli                         {self._machine.version}\n"
        if self._call.begins("version"):
            return self._printed({"azure-cli": self._machine.version, "azure-cli-core": self._machine.version})
        command = commands.get(self._call.arguments[:2])
        if command is None:
            raise _Stop(f"'{' '.join(self._call.arguments[:2])}' is misspelled or not recognized by the system.", 2)
        value = command()
        return value if isinstance(value, str) else self._printed(value)

    def _printed(self, value: Any) -> str:
        for name in (self._call.option("--query") or "").split("."):
            value = value.get(name) if isinstance(value, dict) and name else value
        if self._call.option("--output", "-o") == "tsv" and not isinstance(value, dict | list):
            return f"{value}\n"
        return json.dumps(value, indent=2) + "\n"

    def _user(self) -> User:
        user = next((each for each in self._cloud.users if each.name == self._machine.user), None)
        if user is None:
            raise _Stop("Please run 'az login' to setup account.")
        return user

    def _principal(self) -> Principal:
        user = self._user()
        return Principal(user.object_id, user.tenant_id, user.name, user=True)

    def _admit(self, audience: str) -> None:
        """Stop where Entra issues no token for an audience to the login that is stored."""
        try:
            admit(self._cloud, self._user(), audience)
        except Fault as fault:
            moment = datetime.fromtimestamp(self._cloud.now(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
            raise _Stop(
                f"AADSTS{fault.code}: {fault.text} Trace ID: {new_id()} Correlation ID: {new_id()} "
                f"Timestamp: {moment}\nInteractive authentication is needed. Please run:\naz login --scope "
                f"{audience}/.default"
            ) from fault

    def _subscriptions(self) -> list[Subscription]:
        tenant = self._principal().tenant_id
        kept = self._machine.remembered
        return [each for each in self._cloud.subscriptions.values() if each.tenant_id == tenant or each.id in kept]

    def _subscription(self) -> Subscription:
        wanted = self._call.option("--subscription", "-s") or self._machine.subscription
        found = next((each for each in self._subscriptions() if wanted in {each.id, each.name}), None)
        if found is None:
            raise _Stop(f"Subscription '{wanted}' not found. Check the spelling and casing and try again.")
        return found

    def _account(self, subscription: Subscription) -> dict[str, Any]:
        return {
            "environmentName": "AzureCloud",
            "homeTenantId": subscription.tenant_id,
            "id": subscription.id,
            "isDefault": subscription.id == self._machine.subscription,
            "managedByTenants": [],
            "name": subscription.name,
            "state": subscription.state,
            "tenantId": subscription.tenant_id,
            "user": {"name": self._machine.user, "type": "user"},
        }

    def _token(self) -> dict[str, Any]:
        principal, subscription = self._principal(), self._subscription()
        self._reach(AUTHORITY)
        scope = self._call.option("--scope")
        resource = scope.removesuffix("/.default") if scope else self._call.option("--resource") or _MANAGEMENT
        if self._machine.resource == CHINAS_MANAGEMENT:
            token, lasts = token_of_china(self._cloud, principal), int(self._cloud.now() + LIFE)
            return {"accessToken": token, "expires_on": lasts, "subscription": subscription.id, "tokenType": "Bearer"}
        audience = audience_of(self._machine.resource or resource)
        if audience is None:
            text = f"AADSTS500011: The resource principal named {resource} was not found in the tenant named "
            raise _Stop(f"{text}{principal.tenant_id}.")
        tenant = self._call.option("--tenant", "-t")
        if tenant in self._cloud.tenants - {principal.tenant_id}:
            raise _Stop(
                f"AADSTS50020: User account '{principal.client}' from identity provider "
                f"'https://sts.windows.net/{principal.tenant_id}/' does not exist in tenant '{tenant}' and cannot "
                "access the application '04b07795-8ddb-461a-bbee-02f9e1bf7b46'(Microsoft Azure CLI) in that tenant."
            )
        if tenant not in {None, principal.tenant_id}:
            raise _Stop(f"AADSTS90002: Tenant '{tenant}' not found.")
        self._admit(audience)
        ends = self._cloud.now() + LIFE - self._machine.kept
        return {
            "accessToken": entra_token(self._cloud, principal, audience, ago=self._machine.kept),
            "expiresOn": datetime.fromtimestamp(ends).strftime("%Y-%m-%d %H:%M:%S.%f"),  # noqa: DTZ006 - local time
            "expires_on": int(ends),
            "subscription": subscription.id,
            "tenant": principal.tenant_id,
            "tokenType": "Bearer",
        }

    def _reach(self, host: str) -> None:
        """Stop where a host cannot be reached from here."""
        if self._trouble(host):
            raise _Stop(f"Max retries exceeded with url: https://{host}/ (host='{host}', port=443)")

    def _trouble(self, host: str) -> str:
        """Return what keeps a connection to a host from coming about, in the words of urllib3; '' for nothing."""
        network = self._world.network
        found = network.names.get(host)
        if found is None or not found.addresses:
            return f"Failed to resolve '{host}' ([Errno -2] Name or service not known)"
        failed = "Failed to establish a new connection"
        words = {
            Route.FILTERED: f"{failed}: [Errno 110] Connection timed out",
            Route.MISSING: f"{failed}: [Errno 101] Network is unreachable",
            Route.CLOSED: f"{failed}: [Errno 111] Connection refused",
            Route.RESET: "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
        }
        on_the_way = (words[route] for each in found.addresses if (route := network.routes.get(each)) in words)
        inspected = network.certificate_for(host).issuer is Issuer.INSPECTING
        return next(on_the_way, _UNTRUSTED if inspected else "")

    def _ask(self, path: str) -> None:
        """Stop where ARM cannot be reached, or does not let the login in that is stored."""
        if trouble := self._trouble(ARM):
            raise _Stop(f"HTTPSConnection(host='{ARM}', port=443): {trouble}")
        audience = audience_of(self._machine.resource or _MANAGEMENT)
        if audience is None:
            return  # Entra issues no token for it, and says so
        token = entra_token(self._cloud, self._principal(), audience, ago=self._machine.kept)
        bearer = [(b"authorization", f"Bearer {token}".encode())]
        request = Request({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": bearer})
        try:
            Gate(self._world).authenticate(request, taken_apart("GET", path))
        except Refusal as refusal:
            error = json.loads(bytes(refusal.answer.body))["error"]
            code, text = error["code"], error["message"]
            raise _Stop(f"({code}) {text}\nCode: {code}\nMessage: {text}") from refusal

    def _shown(self) -> dict[str, Any]:
        """Return a registry's record, for which Entra has to admit the login; that of a login to it may do without."""
        if audience := audience_of(self._machine.resource or _MANAGEMENT):
            self._admit(audience)
        return _flat(self._registry())

    def _may(self, action: str, scope: str) -> bool:
        return self._cloud.may(self._principal().object_id, action, scope)

    def _registries(self) -> list[dict[str, Any]]:
        return [_flat(each) for each in self._listed() if self._readable(each)]

    def _readable(self, registry: Registry) -> bool:
        return self._may(f"{REGISTRIES}/read", registry.resource_id)

    def _listed(self) -> list[Registry]:
        """Return what ARM's list of resources shows: what can be read, or all to whoever may list the subscription."""
        subscription = self._subscription()
        self._ask(f"/subscriptions/{subscription.id}/resources")
        lister = self._may("Microsoft.Resources/subscriptions/resources/read", f"/subscriptions/{subscription.id}")
        registries = [each for each in self._cloud.registries.values() if each.subscription_id == subscription.id]
        return [each for each in registries if lister or self._readable(each)]

    def _registry(self) -> Registry:
        """Look a registry up as the CLI does: by name in the list of resources, then by its id."""
        name, group = (self._call.option("--name", "-n") or "").lower(), self._call.option("--resource-group", "-g")
        subscription = self._subscription()
        listed = [each for each in self._listed() if each.name == name and group in {None, each.resource_group}]
        if group is None and len(listed) > 1:
            raise _Stop(f"More than one resources with type '{REGISTRIES}' are found with name '{name}'.")
        if group is None and not listed:
            raise _NotFound(
                f"The resource with name '{name}' and type '{REGISTRIES}' could not be found in subscription "
                f"'{subscription.name} ({subscription.id})'."
            )
        scope = listed[0].resource_id if listed else f"/subscriptions/{subscription.id}/resourceGroups/{group}"
        scope = scope if listed else f"{scope}/providers/{REGISTRIES}/{name}"
        if not self._may(f"{REGISTRIES}/read", scope):
            principal = self._principal()
            text = denied(principal.client, principal.object_id, f"{REGISTRIES}/read", scope)
            raise _Stop(f"(AuthorizationFailed) {text}\nCode: AuthorizationFailed\nMessage: {text}")
        if not listed:
            text = f"The Resource '{REGISTRIES}/{name}' under resource group '{group}' was not found."
            raise _Stop(f"(ResourceNotFound) {text}\nCode: ResourceNotFound\nMessage: {text}", 3)
        return listed[0]

    def _login(self) -> dict[str, Any] | str:
        name = self._call.option("--name", "-n") or ""
        exposing = "--expose-token" in self._call.arguments or "-t" in self._call.arguments
        if not exposing:
            self._containers(name)
        registry, missing = self._for_login(name)
        self._challenge(registry)
        secret = self._refresh_token(registry)
        if secret is None:
            secret = self._admin_password(registry, missing)
        if not exposing:
            return "Login Succeeded\n"
        about = "Note: The token in both the accessToken and refreshToken fields is an ACR Refresh Token, not an ACR "
        self.warnings.append(f"WARNING: {about}Access Token.\n")
        token = {"accessToken": secret, "loginServer": registry.login_server, "refreshToken": secret}
        return {**token, "username": _NULL_GUID}

    def _containers(self, name: str) -> None:
        """Stop where no client of containers answers in silence, in Cloud Shell before anything is looked at."""
        tip = (
            f"You may want to use 'az acr login -n {name} --expose-token' to get a refresh token, which does not "
            "require Docker to be installed."
        )
        if "ACC_CLOUD" in self._call.environ:
            text = "This command requires running the docker daemon, which is not supported in Azure Cloud Shell. "
            raise _Stop(text + tip)
        machine, listing = self._world.machine, Call(("ps",), self._call.environ)
        trouble = "Please verify if Docker client is installed and running."
        if machine.docker is not None:
            trouble = docker(machine.docker, listing).err
        elif machine.podman is not None:
            trouble = podman(machine.podman, listing).err
        if trouble:
            self.warnings.append(f"WARNING: {tip}\n")
            moment = datetime.fromtimestamp(self._cloud.now(), UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            raise _Stop(f"{moment} An error occurred: DOCKER_COMMAND_ERROR\n{trouble.rstrip()}")

    def _for_login(self, name: str) -> tuple[Registry, str]:
        """Return the registry, and why ARM does not tell of it; without ARM its name and the suffix must do."""
        try:
            return self._registry(), ""
        except _NotFound as missing:
            found = self._cloud.registries.get(name.lower())
            if found is None:
                raise
            return found, missing.text

    def _challenge(self, registry: Registry) -> None:
        host = registry.login_server
        try:
            self._reach(host)
        except _Stop:
            text = (
                f"Could not connect to the registry login server '{host}'. Please verify that the registry exists and "
                f"the URL 'https://{host}/v2/' is reachable from your environment.\nTry running 'az acr check-health "
                f"-n {registry.name} --yes' to diagnose this issue."
            )
            raise _Stop(text) from None
        if registry.firewall_at_challenge and not self._admitted(registry):
            text = (
                f"Looks like you don't have access to registry '{host}'. To see configured firewall rules, run 'az acr "
                f"show --query networkRuleSet --name {registry.name}'. To see if public network access is enabled, run "
                "'az acr show --query publicNetworkAccess'.Please refer to "
                "https://aka.ms/acr/errors#connectivity_forbidden_error for more information."
            )
            raise _Stop(text)

    def _admitted(self, registry: Registry) -> bool:
        (address, *_) = self._world.network.names[registry.login_server].addresses
        return registry.admits(self._world.network.egress, address, self._cloud.now())

    def _refresh_token(self, registry: Registry) -> str | None:
        """Return a refresh token, or None after a warning of Entra's refusal or the registry's."""
        try:
            self._admit(REGISTRY_AUDIENCE)
        except _Stop as stop:
            self.warnings.append(f"WARNING: Unable to get AAD authorization tokens with message: {stop.text}\n")
            return None
        principal, server = self._principal(), TokenServer(self._world)
        caller = Caller(Kind.PRINCIPAL, principal.object_id)
        status = 401
        if not self._admitted(registry):
            status = 403
        elif principal.tenant_id == registry.tenant_id and known(self._cloud, registry, caller):
            return server.refresh_token(registry, caller, self._cloud.now())
        moment = datetime.fromtimestamp(self._cloud.now(), UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        self.warnings.append(
            f"WARNING: Unable to get AAD authorization tokens with message: {moment} An error occurred: "
            f"CONNECTIVITY_REFRESH_TOKEN_ERROR\nAccess to registry '{registry.login_server}' was denied. Response "
            f"code: {status}. Please try running 'az login' again to refresh permissions.\n"
        )
        return None

    def _admin_password(self, registry: Registry, missing: str) -> str:
        why = missing or ("" if registry.admin_enabled else "Admin user is disabled.")
        if not why:
            action = f"{REGISTRIES}/listCredentials/action"
            if self._may(action, registry.resource_id):
                return registry.admin_passwords[0]
            principal = self._principal()
            text = denied(principal.client, principal.object_id, action, registry.resource_id)
            raise _Stop(f"(AuthorizationFailed) {text}\nCode: AuthorizationFailed\nMessage: {text}")
        self.warnings.append(f"WARNING: Unable to get admin user credentials with message: {why}\n")
        text = "Unable to authenticate using AAD or admin login credentials. "
        raise _Stop(f"{text}Please specify both username and password in non-interactive mode.")


def _flat(registry: Registry) -> dict[str, Any]:
    """Return a registry as the CLI prints it: its properties beside the rest."""
    found = registry_json(registry, _VERSION)
    return dict(sorted({**found, **found.pop("properties")}.items()))


class _NotFound(_Stop):
    """No registry of a name in the active subscription, as far as can be seen."""
