"""Microsoft Entra: discovery, and tokens for applications that prove themselves by a secret or an assertion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from pytest_acrauth.emulator.azure.answers import GUARD, JSON, Answer, as_json, form_of, http_date, new_id
from pytest_acrauth.emulator.azure.assertions import Fault, check_assertion
from pytest_acrauth.emulator.azure.issuing import LIFE, audience_of, entra_token
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import AUTHORITY
from pytest_acrauth.emulator.world.directory import Application


class Entra:
    """The public cloud's authority."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.app = Starlette(
            routes=[
                Route("/common/discovery/instance", self._instances),
                Route("/{tenant}/v2.0/.well-known/openid-configuration", self._configuration),
                Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
            ],
            exception_handlers={Fault: self._refuse},
        )

    async def _instances(self, _request: Request) -> Answer:
        known = {"preferred_network": AUTHORITY, "preferred_cache": "login.windows.net"}
        aliases = [AUTHORITY, "login.windows.net", "login.microsoft.com", "sts.windows.net"]
        discovery = f"https://{AUTHORITY}/common/v2.0/.well-known/openid-configuration"
        about = {"tenant_discovery_endpoint": discovery, "api-version": "1.1"}
        return self._answer(200, {**about, "metadata": [{**known, "aliases": aliases}]})

    async def _configuration(self, request: Request) -> Answer:
        tenant = self._tenant(request, "invalid_tenant")
        root = f"https://{AUTHORITY}/{tenant}"
        return self._answer(
            200,
            {
                "token_endpoint": f"{root}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "jwks_uri": f"{root}/discovery/v2.0/keys",
                "issuer": f"{root}/v2.0",
                "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
                "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "tenant_region_scope": "EU",
                "cloud_instance_name": "microsoftonline.com",
            },
        )

    async def _token(self, request: Request) -> Answer:
        tenant = self._tenant(request, "invalid_request")
        form = await form_of(request)
        names = ("grant_type", "client_id", "client_secret", "client_assertion", "scope")
        asked = {name: form.get(name, "") for name in names}
        if asked["grant_type"] != "client_credentials":
            text = f"The app requested an unsupported grant type '{asked['grant_type']}'."
            raise Fault(400, "unsupported_grant_type", 70003, text)
        application = self._application(tenant, asked["client_id"])
        if application.client_id in self._world.cloud.looping:
            text = (
                "The server terminated an operation because it encountered a client request loop. Please contact your "
                "app vendor."
            )
            raise Fault(400, "invalid_grant", 50196, text)
        if asked["client_assertion"]:
            check_assertion(self._world.cloud, tenant, application, asked["client_assertion"])
        else:
            self._check_secret(application, asked["client_secret"])
        principal = self._world.cloud.principal(application, tenant)
        token = entra_token(self._world.cloud, principal, self._audience(tenant, application, asked["scope"]))
        granted = {"token_type": "Bearer", "expires_in": LIFE, "ext_expires_in": LIFE, "access_token": token}
        return self._answer(200, granted, ("x-ms-clitelem", "1,0,0,,"), ("X-Ms-Srs", "1.P"))

    def _tenant(self, request: Request, error: str) -> str:
        tenant = str(request.path_params["tenant"])
        if tenant not in self._world.cloud.tenants:
            text = (
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into "
                "the correct cloud. Check with your subscription administrator, this may happen if there are no "
                "active subscriptions for the tenant."
            )
            raise Fault(400, error, 90002, text)
        return tenant

    def _application(self, tenant: str, client_id: str) -> Application:
        application = self._world.cloud.applications.get(client_id.lower())
        here = application is not None and tenant in application.principals
        if application is not None and application.registered == tenant and not here:
            text = (
                f"The client application {client_id} is missing service principal in the tenant {tenant}. See "
                "instructions here: https://go.microsoft.com/fwlink/?linkid=2225119"
            )
            raise Fault(400, "unauthorized_client", 7000229, text)
        if application is None or not here:
            text = (
                f"Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen "
                "if the application has not been installed by the administrator of the tenant or consented to by any "
                "user in the tenant. You may have sent your authentication request to the wrong tenant."
            )
            raise Fault(400, "unauthorized_client", 700016, text)
        if not application.admitted(self._world.cloud.now()):
            text = f"Application '{client_id}' is disabled."
            raise Fault(400, "unauthorized_client", 7000112, text)
        return application

    def _check_secret(self, application: Application, secret: str) -> None:
        now = self._world.cloud.now()
        match = next((each for each in application.all_secrets if each.value == secret and each.starts <= now), None)
        if match is None:
            text = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                f"value, not the client secret ID, for a secret added to app '{application.client_id}'."
            )
            raise Fault(401, "invalid_client", 7000215, text)
        if not match.valid(now):
            text = (
                f"The provided client secret keys for app '{application.client_id}' are expired. Visit the Azure "
                "portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using "
                "certificate credentials for added security: https://aka.ms/certCreds."
            )
            raise Fault(401, "invalid_client", 7000222, text)

    def _audience(self, tenant: str, application: Application, scope: str) -> str:
        named = next((word.removesuffix("/.default") for word in scope.split() if word.endswith("/.default")), None)
        if named is None:
            text = (
                f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value "
                "with /.default suffixed to the resource identifier (application ID URI)."
            )
            raise Fault(400, "invalid_scope", 1002012, text)
        audience, rules = audience_of(named), self._world.cloud.rules
        if audience is None or audience in rules.absent:
            text = f"The resource principal named {named} was not found in the tenant named {tenant}."
            raise Fault(400, "invalid_resource", 500011, text)
        if audience in rules.assigned_only:
            text = (
                f"Application '{application.client_id}'({application.name}) is not assigned to a role for the "
                f"application '{audience}'."
            )
            raise Fault(400, "invalid_grant", 501051, text)
        return audience

    def _answer(self, status: int, value: dict[str, Any], *more: tuple[str, str]) -> Answer:
        headers = [
            ("Cache-Control", "no-store, no-cache"),
            ("Pragma", "no-cache"),
            ("Content-Type", JSON),
            ("Expires", "-1"),
            *GUARD,
            ("x-ms-request-id", value.get("trace_id") or new_id()),
            ("x-ms-ests-server", "2.1.22549.4 - EUS ProdSlices"),
            *more,
            ("Date", http_date(self._world.cloud.now())),
        ]
        return Answer(status, headers, as_json(value))

    async def _refuse(self, _request: Request, fault: Exception) -> Answer:
        assert isinstance(fault, Fault)  # noqa: S101 - registered for this class only
        trace, correlation = new_id(), new_id()
        moment = datetime.fromtimestamp(self._world.cloud.now(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        lines = (
            f"AADSTS{fault.code}: {fault.text}",
            f"Trace ID: {trace}",
            f"Correlation ID: {correlation}",
            f"Timestamp: {moment}",
        )
        body = {
            "error": fault.error,
            "error_description": "\r\n".join(lines),
            "error_codes": [fault.code],
            "timestamp": moment,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://{AUTHORITY}/error?code={fault.code}",
        }
        return self._answer(fault.status, body, ("x-ms-clitelem", f"1,{fault.code},0,,"))
