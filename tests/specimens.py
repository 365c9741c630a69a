"""One broken rung for every symptom of the catalogue, made from the factories."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate

from factories import (
    ANONYMOUS,
    BASIC,
    BLOB_HOST,
    DATA_HOST,
    HOST,
    SERVICE_PRINCIPAL,
    STARTED,
    broken_at,
    certificate,
    climb,
    credential,
    denied_with_ip,
    generic_401,
    observation,
    reply,
    target,
)

from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.catalogue.symptoms.entra import NUMBERED
from pytest_acrauth.model.client_record import ClientRecord, Daemon, DockerConfig, Helper, Ran, Socket, StoredLogin
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.model.observation import (
    AccessToken,
    Attempt,
    Challenge,
    Connection,
    Data,
    Dns,
    Entra,
    Exchange,
    Operation,
    Reply,
    Tcp,
    Tls,
    Trouble,
    Tunnel,
    Upload,
)
from pytest_acrauth.model.stage import Rung, Stage

SCOPE = "repository:team/app:pull"


def defective() -> Break:
    """Return a climb in which this package failed at the exchange."""
    rung = Rung(Stage.EXCHANGE)
    trace = ("pytest_acrauth/probes/registry.py:1 in exchange: claims(token)",)
    defect = Defect("climbing", "TypeError", "no number", trace, rung)
    seen = climb(Stage.EXCHANGE, observation(Stage.EXCHANGE))
    return Break(replace(seen, exchange=None, accesses=(), defect=defect), rung)


def dns(outcome: Resolved, *aliases: str) -> Break:
    """Return a look-up that failed."""
    found = Resolution(outcome, chain=(HOST, *aliases), text="the resolver's words")
    return broken_at(Stage.DNS, Dns(host=HOST, resolution=found))


def tcp(trouble: Trouble, address: str = "20.0.0.1") -> Break:
    """Return a connection that failed at one address."""
    return broken_at(Stage.TCP, Tcp(host=HOST, port=443, attempts=(Attempt(address=address, trouble=trouble),)))


def tls(trouble: Trouble, code: int | None = None) -> Break:
    """Return a handshake that failed."""
    shown = certificate() if code else None
    return broken_at(
        Stage.TLS,
        Tls(host=HOST, trust="the system's trust store", trouble=trouble, verify_code=code, certificate=shown),
    )


def past_private_link() -> Break:
    """Return a connection that did not come about at the public address of a registry with a private endpoint."""
    seen = tcp(Trouble.TIMEOUT).transcript
    names = (HOST, "myacr.privatelink.azurecr.io", "eus.fe.azcr.io")
    found = Resolution(Resolved.FOUND, ("20.0.0.1",), names)
    return Break(replace(seen, dns=Dns(host=HOST, resolution=found)), Rung(Stage.TCP))


def challenge(answer: Reply | None, scheme: str = "", realm: str = "", service: str = "") -> Break:
    """Return an answer to the first request that is no registry's challenge."""
    return broken_at(Stage.CHALLENGE, Challenge(host=HOST, reply=answer, scheme=scheme, realm=realm, service=service))


def entra(
    *codes: int,
    answer: Reply | None = None,
    connection: Connection | None = None,
    trouble: Trouble | None = None,
) -> Break:
    """Return a refusal of Entra, or a way to it that broke."""
    healthy = observation(Stage.ENTRA)
    assert isinstance(healthy, Entra)
    refused = replace(
        healthy, issued=False, claims=None, codes=codes, reply=answer, connection=connection, trouble=trouble
    )
    return broken_at(Stage.ENTRA, refused)


def exchange(answer: Reply) -> Break:
    """Return an exchange that was not granted."""
    return broken_at(Stage.EXCHANGE, Exchange(reply=answer))


def access_token(answer: Reply, *, basic: bool = False) -> Break:
    """Return a request for an access token that was not granted."""
    chosen = target(BASIC if basic else SERVICE_PRINCIPAL, "team/app")
    return broken_at(Stage.ACCESS_TOKEN, AccessToken(reply=answer, scope=SCOPE, must=("pull",)), chosen=chosen)


def token_as_password() -> Break:
    """Return a user name that was refused with a refresh token beside it."""
    own = replace(credential(BASIC), secret=SecretShape.ACR_REFRESH_TOKEN)
    return broken_at(Stage.ACCESS_TOKEN, AccessToken(reply=generic_401()), chosen=target(BASIC), own=own)


def granted(*actions: str, must: tuple[str, ...] = ("pull",), must_not: tuple[str, ...] = ()) -> Break:
    """Return an access token that grants other actions than it should."""
    chosen = target(SERVICE_PRINCIPAL, "team/app", must=must, must_not=must_not)
    token = AccessToken(reply=reply(200), scope=SCOPE, must=must, must_not=must_not, issued=True, granted=actions)
    return broken_at(Stage.ACCESS_TOKEN, token, chosen=chosen)


def operation(answer: Reply) -> Break:
    """Return a manifest that was not given."""
    return broken_at(Stage.OPERATION, Operation(reply=answer))


def upload(answer: Reply) -> Break:
    """Return an upload that was not opened."""
    chosen = replace(target(SERVICE_PRINCIPAL, "team/app", must=("push",)), prove_push=True)
    return broken_at(Stage.UPLOAD, Upload(reply=answer), chosen=chosen)


def data(
    answer: Reply | None,
    redirect: str,
    trouble: Trouble | None = None,
    refused: str = "",
    way: Connection | None = None,
) -> Break:
    """Return a layer that was not given."""
    seen = Data(reply=answer, redirect=redirect, trouble=trouble, refused=refused, connection=way)
    return broken_at(Stage.DATA, seen)


def lost(host: str) -> Connection:
    """Return a connection to a host that nothing came back on."""
    attempts = (Attempt(address="20.9.9.9", trouble=Trouble.TIMEOUT),)
    return Connection(host=host, tcp=Tcp(host=host, port=443, attempts=attempts))


def through_proxy(trouble: Trouble, *, connected: bool = False, status: int | None = None) -> Break:
    """Return a connection that a proxy did not open."""
    attempts = (Attempt(address="squid:3128", trouble=trouble, text="the proxy's words"),)
    tunnel = Tunnel("squid:3128", connected, status)
    return broken_at(Stage.TCP, Tcp(host=HOST, port=443, attempts=attempts, tunnel=tunnel))


def by_another_clock() -> Break:
    """Return a certificate that was refused for its dates by a clock a year slow, as Entra's answer tells."""
    entra = observation(Stage.ENTRA)
    assert isinstance(entra, Entra)
    begun, year = STARTED + 30 * 86400, 365 * 86400
    dates = [datetime.fromtimestamp(each, UTC).isoformat() for each in (begun, begun + 2 * year)]
    shown = certificate(not_before=dates[0], not_after=dates[1])
    refused = Tls(host=HOST, trust="t", trouble=Trouble.CERTIFICATE, verify_code=9, certificate=shown)
    told = reply(200, date=formatdate(STARTED + year, usegmt=True), from_registry=False)
    return broken_at(Stage.TLS, refused, entra=replace(entra, reply=told))


def storage(status: int, code: str) -> Break:
    """Return a layer that Azure Storage did not give, with its code."""
    return data(reply(status, body=f"<Code>{code}</Code>", from_registry=False), BLOB_HOST)


def data_lost(host: str, trouble: Trouble = Trouble.TIMEOUT, address: str = "20.9.9.8") -> Break:
    """Return a layer whose host has no address, or one to which no connection came about."""
    if trouble is Trouble.NAME:
        way = Connection(host=host, dns=Dns(host=host, resolution=Resolution(Resolved.NO_SUCH_NAME)))
    else:
        found = Resolution(Resolved.FOUND, (address,), (host,))
        attempt = Attempt(address=address, trouble=trouble)
        lost = Tcp(host=host, port=443, attempts=(attempt,))
        way = Connection(host=host, dns=Dns(host=host, resolution=found), tcp=lost)
    return broken_at(Stage.DATA, Data(redirect=host, trouble=trouble, connection=way))


def local(words: str) -> Break:
    """Return a credential that the Azure SDK gave up on, in its own words, before Entra was asked."""
    seen = entra()
    assert isinstance(seen.observation, Entra)
    return broken_at(Stage.ENTRA, replace(seen.observation, text=words, trouble=Trouble.UNAVAILABLE))


def helper(words: str) -> Break:
    """Return a docker config's login that its credential helper did not tell."""
    token = AccessToken(trouble=Trouble.UNAVAILABLE, text=f"docker-credential-mine: {words}")
    return broken_at(Stage.ACCESS_TOKEN, token, chosen=target(BASIC))


def aadsts(number: int) -> Break:
    """Return Entra's refusal with one number."""
    return entra(number, answer=reply(401, "invalid_client", f"AADSTS{number}: no.", from_registry=False))


AUTHORITY = "login.microsoftonline.com"
LOST_AUTHORITY = lost(AUTHORITY)
UNKNOWN_AUTHORITY = Connection(host=AUTHORITY, dns=Dns(host=AUTHORITY, resolution=Resolution(Resolved.NO_SUCH_NAME)))
#: Symptom id -> what the Azure SDK says itself.
LOCAL_WORDS = {
    "id-token-refused": "id token request refused (401) by dev.azure.com",
    "id-token-without": "id token request answered with a page (200) by dev.azure.com: <html>Sign in</html>",
    "id-token-redirected": "id token request redirected (302) by dev.azure.com to portal.example",
    "id-token-unreached": "id token request without an answer from dev.azure.com: timeout",
    "workload-identity-not-configured": "The workload options are not fully configured.",
    "metadata-unreached": "ManagedIdentityCredential authentication unavailable, no response from the IMDS endpoint.",
    "metadata-throttled": "failed to get token from IMDS: status code 429",
    "managed-identity-failed": "MSI: Failed to acquire tokens after 12 times",
    "identity-not-assigned": "No identity has been assigned to this resource. Error: invalid_request",
    "ml-compute-silent": "SSO failure, to mitigated it please try to click Jupyter/JupyterLab.",
    "several-identities": "Multiple user assigned identities exist, please specify the clientId / resourceId",
    "environment-incomplete": "EnvironmentCredential authentication unavailable.",
    "az-not-found": "Azure CLI not found on path",
    "az-not-logged-in": "ERROR: Please run 'az login' to setup account.",
    "no-credential": "DefaultAzureCredential failed to retrieve a token from the included credentials.",
}
OWN_REALM = f"https://{HOST}/oauth2/token"

#: Symptom id -> a rung that shows it and nothing else.
SPECIMENS = {
    "nxdomain": dns(Resolved.NO_SUCH_NAME),
    "dangling-alias": dns(Resolved.NO_ADDRESS, "myacr.privatelink.azurecr.io"),
    "resolver-failed": dns(Resolved.RESOLVER_FAILED),
    "tcp-timeout": tcp(Trouble.TIMEOUT),
    "public-tcp-timeout": past_private_link(),
    "private-tcp-timeout": tcp(Trouble.TIMEOUT, "10.1.2.3"),
    "connection-refused": tcp(Trouble.REFUSED),
    "no-route": tcp(Trouble.UNREACHABLE),
    "proxy-unreached": through_proxy(Trouble.REFUSED),
    "proxy-silent": through_proxy(Trouble.TIMEOUT, connected=True),
    "proxy-broke-off": through_proxy(Trouble.RESET, connected=True),
    "proxy-wants-login": through_proxy(Trouble.PROXY, connected=True, status=407),
    "proxy-refused": through_proxy(Trouble.PROXY, connected=True, status=403),
    "proxy-without-way": through_proxy(Trouble.PROXY, connected=True, status=502),
    "untrusted-issuer": tls(Trouble.CERTIFICATE, 20),
    "certificate-dates": tls(Trouble.CERTIFICATE, 10),
    "certificate-name": tls(Trouble.CERTIFICATE, 62),
    "handshake-broken": tls(Trouble.RESET),
    "certificate-dates-by-clock": by_another_clock(),
    "registry-silent": broken_at(Stage.EXCHANGE, Exchange(trouble=Trouble.TIMEOUT)),
    "entra-silent": entra(trouble=Trouble.TIMEOUT),
    "data-silent": data(None, BLOB_HOST, Trouble.TIMEOUT),
    "answer-broken-off": broken_at(Stage.EXCHANGE, Exchange(trouble=Trouble.CLOSED)),
    "no-challenge": challenge(reply(302, from_registry=False)),
    "challenge-not-found": challenge(reply(404, body="404 page not found", from_registry=False)),
    "open-without-challenge": challenge(reply(200, content_type="application/json")),
    "other-scheme": challenge(reply(401), "basic", HOST),
    "realm-elsewhere": challenge(reply(401), "bearer", "https://tokens.example/oauth2/token", HOST),
    "foreign-403": challenge(reply(403, body="<html>blocked</html>", from_registry=False)),
    "empty-403": operation(reply(403, from_registry=False)),
    "denied-with-ip": exchange(denied_with_ip()),
    "requests-throttled": operation(reply(429, retry_after="7")),
    **{each.id: aadsts(int(each.id.removeprefix("aadsts-"))) for each in NUMBERED if each.stages},
    **{symptom: local(words) for symptom, words in LOCAL_WORDS.items()},
    "credential-store-broken": helper("executable file not found in $PATH"),
    "no-stored-login": helper("credentials not found in native keychain"),
    "server-error": exchange(reply(503, body="upstream is not there")),
    "authority-unreached": entra(connection=LOST_AUTHORITY),
    "authority-name-unknown": entra(connection=UNKNOWN_AUTHORITY),
    "exchange-refused": exchange(generic_401()),
    "bare-403": exchange(reply(403, from_registry=False)),
    "token-validation-failed": broken_at(
        Stage.EXCHANGE, Exchange(reply=reply(401, "UNAUTHORIZED", "token validation failed")), entra=None
    ),
    "login-throttled": exchange(reply(429, retry_after="7")),
    "basic-refused": access_token(generic_401(), basic=True),
    "invalid-clientid": access_token(reply(401, "UNAUTHORIZED", "Invalid clientid or client secret."), basic=True),
    "app-not-registered": access_token(reply(401, "UNAUTHORIZED", "Application not registered with AAD."), basic=True),
    "token-as-password": token_as_password(),
    "anonymous-refused": broken_at(Stage.ACCESS_TOKEN, AccessToken(reply=generic_401()), chosen=target(ANONYMOUS)),
    "answer-not-from-registry": operation(reply(401, from_registry=False)),
    "answer-of-another-kind": exchange(reply(200, content_type="text/html", from_registry=False)),
    "rights-missing": granted("pull", must=("pull", "push")),
    "rights-excess": granted("pull", "push", must_not=("push",)),
    "nothing-granted": access_token(generic_401()),
    "operation-refused": operation(generic_401()),
    "manifest-unknown": operation(reply(404, "MANIFEST_UNKNOWN", 'manifest tagged by "latest" is not found')),
    "key-identity-inactive": operation(
        reply(403, "DENIED", "The identity associated with the registry is inactive. Reassign the identity manually.")
    ),
    "disallowed": operation(reply(405, "DENIED", "The operation is disallowed on this registry, repository or image.")),
    "disallowed-in-short": operation(reply(405, "DENIED", "The operation is disallowed.")),
    "data-host-unresolved": data_lost(DATA_HOST, Trouble.NAME),
    "storage-unreached": data_lost(BLOB_HOST),
    "data-endpoint-unreached": data_lost(DATA_HOST),
    "private-data-unreached": data_lost(DATA_HOST, address="10.1.2.4"),
    "redirect-elsewhere": data(reply(307), "layers.example", Trouble.WITHHELD, "no data host of this registry"),
    "storage-refused": storage(403, "AuthenticationFailed"),
    "storage-forbids": storage(403, "AuthorizationFailure"),
    "authorization-forwarded": storage(400, "InvalidAuthenticationInfo"),
    "blob-unknown": data(reply(404, "BLOB_UNKNOWN", "blob unknown to registry"), ""),
    "out-of-time": tcp(Trouble.OUT_OF_TIME),
    "plugin-defect": defective(),
    "dns-unrecognised": dns(Resolved.NO_ADDRESS),
    "tcp-unrecognised": tcp(Trouble.RESET),
    "tls-unrecognised": tls(Trouble.CERTIFICATE, 23),
    "challenge-unrecognised": challenge(reply(418), "bearer", OWN_REALM, HOST),
    "entra-unrecognised": aadsts(999999),
    "exchange-unrecognised": exchange(reply(418, body="I'm a teapot")),
    "access_token-unrecognised": access_token(reply(418, body="I'm a teapot")),
    "operation-unrecognised": operation(reply(418, body="I'm a teapot")),
    "data-unrecognised": data(reply(418, body="I'm a teapot"), ""),
    "upload-unrecognised": upload(reply(418, body="I'm a teapot")),
}

PS = ("docker", "ps")
VERSION = ("docker", "version", "--format", "{{json .}}")


def docker(*runs: Ran, socket: Socket = Socket.LISTENS, **parts: object) -> ClientRecord:
    """Return the check of a docker client; a program that ran is at its usual place."""
    daemon = Daemon(endpoint="unix:///var/run/docker.sock", source="default", socket=socket)
    usual = {"client": "docker", "checked_at": STARTED, "wanted": "docker", "command": "/usr/bin/docker"}
    return ClientRecord(**{**usual, "runs": runs, "daemon": daemon, **parts})  # type: ignore[arg-type]


def az(*runs: Ran, command: str = "/usr/bin/az") -> ClientRecord:
    """Return the check of the Azure CLI."""
    return ClientRecord(client="az", checked_at=STARTED, wanted="az", command=command, runs=runs)


def docker_config(*logins: StoredLogin, helpers: tuple[Helper, ...] = (), trouble: str = "") -> ClientRecord:
    """Return the check of a docker config, for the registry myacr."""
    config = DockerConfig(
        path="/home/me/.docker/config.json", found=True, trouble=trouble, helpers=helpers, logins=logins
    )
    return ClientRecord(client="docker-config", checked_at=STARTED, config=config, login_servers=(HOST,))


def stored(key: str = HOST, expires: float | None = None) -> StoredLogin:
    """Return a stored login with a refresh token."""
    return StoredLogin(key=key, user_name="puller", secret=SecretShape.ACR_REFRESH_TOKEN, expires=expires)


NO_DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
WORKS = Ran(arguments=PS, exit_code=0)

#: Symptom id -> a client check that shows it and nothing else.
CLIENT_SPECIMENS = {
    "docker-not-found": docker(command=""),
    "docker-in-current-folder": docker(command="", refused="/src/docker"),
    "docker-daemon-unreached": docker(Ran(arguments=PS, exit_code=1, stderr=NO_DAEMON), socket=Socket.MISSING),
    "docker-socket-forbidden": docker(
        Ran(arguments=PS, exit_code=1, stderr="permission denied while trying to connect to the docker API"),
        socket=Socket.FORBIDDEN,
    ),
    "docker-stderr-noise": docker(
        Ran(arguments=PS, exit_code=0, stderr="Emulate Docker CLI using podman."),
        Ran(arguments=VERSION, exit_code=0),
        used_by_az=True,
    ),
    "docker-version-unreadable": docker(WORKS, Ran(arguments=VERSION, exit_code=1, stderr="too old")),
    "cloud-shell": docker(WORKS, Ran(arguments=VERSION, exit_code=0), cloud_shell=True),
    "credential-store-broken": docker_config(stored(), helpers=(Helper(name="docker-credential-desktop", command=""),)),
    "docker-config-unreadable": docker_config(trouble="it is no JSON object"),
    "no-stored-login": docker_config(stored("otheracr.azurecr.io")),
    "stored-login-other-key": docker_config(stored(f"{HOST}:443")),
    "stored-login-ended": docker_config(stored(expires=STARTED - 60)),
    "az-not-found": az(command=""),
    "az-not-logged-in": az(
        Ran(arguments=("az", "version"), exit_code=0),
        Ran(arguments=("az", "account", "show"), exit_code=1, stderr="ERROR: Please run 'az login' to setup account."),
    ),
    "management-plane-unreached": replace(
        az(
            Ran(arguments=("az", "version"), exit_code=0),
            Ran(arguments=("az", "account", "show"), exit_code=0),
            Ran(
                arguments=("az", "acr", "show"),
                exit_code=1,
                stderr="HTTPSConnection(host='management.azure.com', port=443): Failed to establish a new connection",
            ),
        ),
        login_servers=(HOST,),
    ),
    "client-unrecognised": docker(Ran(arguments=PS, exit_code=125, stderr="something else")),
}
