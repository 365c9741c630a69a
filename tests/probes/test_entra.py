"""The identity leg by every method, against the emulator and against programs and endpoints that misbehave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import respx
from standing_in import NoNetwork

from pytest_acrauth.auth import METHODS, BadAuth, choose
from pytest_acrauth.emulator import Emulator
from pytest_acrauth.emulator.scenarios.variants import (
    CLUSTER,
    IDENTITIES,
    MACHINE_IDENTITY,
    SUBJECT,
    assertion,
    in_kubernetes,
    on_app_service,
    on_virtual_machine,
    signed_in_with_az,
    with_certificate,
)
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.directory import FederatedCredential
from pytest_acrauth.emulator.world.healthy import CLIENT, OPERATOR, TENANT
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.evidence import OFF, EvidenceChoice
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.observation import Entra, Trouble
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import Flow, Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.running.run import Run

MY, OTHER = Registry.parse("myacr"), Registry.parse("otheracr")
METADATA = "http://169.254.169.254"
PROGRAMS = pytest.mark.skipif(sys.platform == "win32", reason="the az here is a shell script")


def climb(machine: Machine, spec: str = "default", *registries: Registry, timeout: float = 30.0) -> Transcript:
    """Climb to the first bytes of a layer and return what was seen at the first registry."""
    under_test = registries or (MY,)
    (chosen,) = choose([spec], machine.environ, under_test)
    targets = [Target(registry, chosen.identity, (Reference.parse("team/app"),)) for registry in under_test]
    return Run(machine, timeout=timeout, evidence=EvidenceChoice(method=OFF)).check(targets)[0]


def entra(seen: Transcript) -> Entra:
    """Return the identity leg's observation."""
    assert seen.entra is not None
    return seen.entra


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Deliver a healthy emulator, which a test changes."""
    with Emulator() as running:
        yield running


def change(emulator: Emulator, variant: Callable[[World], None]) -> None:
    """Change the world; where it names a metadata endpoint, name it by the address that every machine knows."""
    emulator.change(variant)
    for name, path in {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "", "IDENTITY_ENDPOINT": "/msi/token"}.items():
        if name in emulator.environ:
            emulator.environ[name] = f"{METADATA}{path}"


#: The methods of the Entra flow that are detected, each in the world that the emulator has for it.
HEALTHY = {
    **{row.name: IDENTITIES[row.name] for row in METHODS if row.flow is Flow.ENTRA and row.detected},
    "managed-identity of an app": on_app_service,
}


@pytest.mark.parametrize("case", HEALTHY)
def test_every_method_reaches_the_layer(emulator: Emulator, case: str) -> None:
    """Each method is detected in its world and gets through to the layer, and no stage is broken."""
    change(emulator, HEALTHY[case])
    seen = climb(emulator.machine)
    assert seen.target.identity.method == case.partition(" ")[0]
    assert list(seen.broken()) == []
    assert seen.accesses[0].data is not None
    assert seen.accesses[0].data.received
    assert entra(seen).claims is not None
    assert seen.credential.tenant_id == TENANT


@pytest.mark.parametrize("case", HEALTHY)
def test_no_transcript_holds_a_secret(emulator: Emulator, case: str) -> None:
    """Neither tokens, nor assertions, certificates, keys or header values are in a transcript."""
    change(emulator, HEALTHY[case])
    seen = climb(emulator.machine)
    text = seen.to_json()
    planted = [*emulator.world.machine.files.values()]
    planted += [
        emulator.environ[name] for name in ("AZURE_CLIENT_SECRET", "IDENTITY_HEADER") if name in emulator.environ
    ]
    for secret in [*planted, "eyJ", "PRIVATE KEY", "BEGIN CERTIFICATE"]:
        assert secret not in text
    assert Transcript.from_json(text) == seen


@pytest.mark.parametrize("case", [case for case in HEALTHY if case != "azure-cli"])
def test_one_token_for_all_registries(emulator: Emulator, case: str) -> None:
    """However many registries, an identity is asked for one token."""
    change(emulator, HEALTHY[case])

    def asked() -> int:
        return len(
            [each for each in emulator.requests if each.host in {"login.microsoftonline.com", "169.254.169.254"}]
        )

    climb(emulator.machine)
    alone = asked()
    assert alone
    climb(emulator.machine, "default", MY, OTHER)
    assert asked() - alone == alone


def test_a_managed_identity_is_known_by_its_token(emulator: Emulator) -> None:
    """Tenant and client id of an identity that no variable names are what its token says."""
    change(emulator, on_virtual_machine)
    facts = climb(emulator.machine).credential
    assert (facts.kind, facts.tenant_id, facts.client_id) == (Kind.MANAGED_IDENTITY, TENANT, MACHINE_IDENTITY)


def test_a_user_is_no_client(emulator: Emulator) -> None:
    """The application that users sign in with is not taken for the identity."""
    change(emulator, signed_in_with_az)
    facts = climb(emulator.machine).credential
    assert (facts.kind, facts.client_id) == (Kind.USER, "")


def wrong_subject(world: World) -> None:
    """Let another service account's token be projected."""
    in_kubernetes(world)
    other = FederatedCredential(CLUSTER, f"{SUBJECT}-other")
    world.machine.files["AZURE_FEDERATED_TOKEN_FILE"] = assertion(world.cloud, other)


def old_assertion(world: World) -> None:
    """Let the projected token be past its end."""
    in_kubernetes(world)
    own = FederatedCredential(CLUSTER, SUBJECT)
    world.machine.files["AZURE_FEDERATED_TOKEN_FILE"] = assertion(world.cloud, own, life=-600)


def unknown_certificate(world: World) -> None:
    """Take the certificate off the application."""
    with_certificate(world)
    world.cloud.applications[CLIENT].certificates.clear()


def no_tenant(variant: Callable[[World], None]) -> Callable[[World], None]:
    """Name a tenant that does not exist."""

    def apply(world: World) -> None:
        variant(world)
        world.machine.environ["AZURE_TENANT_ID"] = "0a0a0a0a-1111-2222-3333-444455556666"

    return apply


REFUSED = {
    "another subject": (wrong_subject, "invalid_request", 700213),
    "an old assertion": (old_assertion, "invalid_client", 700024),
    "an unknown certificate": (unknown_certificate, "invalid_client", 700027),
    "no such tenant, workload": (no_tenant(in_kubernetes), "invalid_request", 90002),
    "no such tenant, certificate": (no_tenant(with_certificate), "invalid_tenant", 90002),
}


@pytest.mark.parametrize("case", REFUSED)
def test_entra_refuses(emulator: Emulator, case: str) -> None:
    """Entra's number, error and trace id are recorded, whatever azure-identity makes of them."""
    variant, error, code = REFUSED[case]
    change(emulator, variant)
    seen = entra(climb(emulator.machine))
    assert (seen.codes[:1], seen.error) == ((code,), error)
    assert seen.trace_id
    assert seen.trouble is None
    assert seen.reply is not None
    assert seen.text
    assert "eyJ" not in seen.text


@pytest.mark.parametrize(
    ("variant", "name", "words"),
    [
        (in_kubernetes, "AZURE_FEDERATED_TOKEN_FILE", "is empty"),
        (with_certificate, "AZURE_CLIENT_CERTIFICATE_PATH", ""),
    ],
)
def test_a_file_that_is_emptied_in_the_middle(
    emulator: Emulator, variant: Callable[[World], None], name: str, words: str
) -> None:
    """A file that was good when the run began and is empty now breaks the stage that needs it, in plain words."""
    change(emulator, variant)
    (chosen,) = choose(["default"], emulator.environ, [MY])
    Path(emulator.environ[name]).write_bytes(b"")
    (seen,) = Run(emulator.machine, evidence=EvidenceChoice(method=OFF)).check([Target(MY, chosen.identity)])
    assert [rung.stage for rung in seen.broken()] == [Stage.ENTRA]
    assert entra(seen).trouble is Trouble.UNAVAILABLE
    assert words in entra(seen).text
    assert entra(seen).text


@pytest.mark.parametrize("variant", [with_certificate, in_kubernetes])
def test_an_authority_that_is_not_reached(emulator: Emulator, variant: Callable[[World], None]) -> None:
    """What kept Entra away is recorded as the connection's trouble, as for a secret."""
    change(emulator, variant)
    del emulator.world.network.names["login.microsoftonline.com"]
    seen = entra(climb(emulator.machine))
    assert (seen.trouble, seen.reply) == (Trouble.NAME, None)
    assert seen.connection is not None
    assert seen.connection.host == "login.microsoftonline.com"
    assert seen.connection.broken is seen.connection.dns


def nobody(world: World) -> None:
    """Take the identity off the host."""
    on_virtual_machine(world)
    world.machine.identities.clear()


def wrong_header(world: World) -> None:
    """Show the app service another header."""
    on_app_service(world)
    world.machine.environ["AZURE_CLIENT_ID"] = CLIENT  # which is assigned to nobody here


METADATA_SAYS = {
    "nobody is assigned": (nobody, "400 invalid_request Identity not found"),
    "no such identity of an app": (wrong_header, "400 {"),
    "not in Azure": (lambda world: None, "no response from the IMDS endpoint 169.254.169.254: unreachable"),  # noqa: ARG005
}


@pytest.mark.parametrize("case", METADATA_SAYS)
def test_metadata_gives_no_token(emulator: Emulator, case: str) -> None:
    """What the host's endpoint said, or that nothing answered there, is told in words: Entra never spoke."""
    variant, words = METADATA_SAYS[case]
    change(emulator, variant)
    seen = entra(climb(emulator.machine, "managed-identity"))
    assert (seen.trouble, seen.reply, seen.codes) == (Trouble.UNAVAILABLE, None, ())
    assert seen.text.startswith(words)
    assert seen.connection is not None
    assert seen.connection.host == "169.254.169.254"


@pytest.fixture
def registry() -> Iterator[respx.MockRouter]:
    """Stand in for two registries, and for metadata endpoints that issue a token; Entra is not there."""
    with respx.mock(assert_all_called=False) as router:
        for host in (MY.login_server, OTHER.login_server):
            realm = f'Bearer realm="https://{host}/oauth2/token",service="{host}"'
            router.get(f"https://{host}/v2/").respond(401, headers={"Www-Authenticate": realm})
        router.post(path="/oauth2/exchange", name="exchange").respond(403)
        router.route(host__in=("127.0.0.1", "localhost", "169.254.169.254", "example.org"), name="metadata").respond(
            200, json={"access_token": "planted-entra-token"}
        )
        yield router


ENDPOINTS = {
    "app service": (
        {"IDENTITY_ENDPOINT": "http://127.0.0.1:41741/msi/token?", "IDENTITY_HEADER": "planted-header"},
        ("GET", "/msi/token", "2019-08-01", "client_id", ("x-identity-header", "planted-header")),
    ),
    "machine learning": (
        {"MSI_ENDPOINT": "http://127.0.0.1:46808/MSI/auth", "MSI_SECRET": "planted-secret"},
        ("GET", "/MSI/auth", "2017-09-01", "clientid", ("secret", "planted-secret")),
    ),
    "cloud shell": (
        {"MSI_ENDPOINT": "http://localhost:50342/oauth2/token"},
        ("POST", "/oauth2/token", None, None, ("metadata", "true")),
    ),
    "named host": (
        {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:2579/"},
        ("GET", "/metadata/identity/oauth2/token", "2018-02-01", "client_id", ("metadata", "true")),
    ),
    "virtual machine": (
        {},
        ("GET", "/metadata/identity/oauth2/token", "2018-02-01", "client_id", ("metadata", "true")),
    ),
}


@pytest.mark.parametrize("client", ["", CLIENT])
@pytest.mark.parametrize("case", ENDPOINTS)
def test_metadata_endpoints(registry: respx.MockRouter, case: str, client: str) -> None:
    """Each kind of host is asked once, at its place, in its words, with what it wants to be shown."""
    environ, (method, path, version, client_word, (header, value)) = ENDPOINTS[case]
    seen = climb(NoNetwork({**environ, "AZURE_CLIENT_ID": client}), "managed-identity")
    assert entra(seen).issued
    (call,) = registry.routes["metadata"].calls
    asked = call.request
    assert (asked.method, asked.url.path, asked.headers[header]) == (method, path, value)
    if method == "POST":
        assert asked.content == b"resource=https%3A%2F%2Fcontainerregistry.azure.net"
    else:
        query = dict(asked.url.params)
        assert query.pop("resource") == "https://containerregistry.azure.net"
        assert query == {"api-version": version, **({client_word: client} if client else {})}
    sent = registry.routes["exchange"].calls.last.request.content.decode()
    assert "access_token=planted-entra-token" in sent
    assert "planted" not in seen.to_json()


@pytest.mark.parametrize(
    "environ",
    [
        {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://example.org"},
        {"IDENTITY_ENDPOINT": "http://example.org/msi/token", "IDENTITY_HEADER": "planted-header"},
        {"IDENTITY_ENDPOINT": "http://127.0.0.1.example.org/", "IDENTITY_HEADER": "planted-header"},
        {"IDENTITY_ENDPOINT": "https://example.org/msi/token", "IDENTITY_HEADER": "planted-header"},
        {"IDENTITY_ENDPOINT": "https://8.8.8.8/msi/token", "IDENTITY_HEADER": "planted-header"},
        {"MSI_ENDPOINT": "https://anything.azurewebsites.net/msi", "MSI_SECRET": "planted-header"},
        {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "https://example.org"},
    ],
)
def test_metadata_endpoints_elsewhere(registry: respx.MockRouter, environ: Mapping[str, str]) -> None:
    """What an endpoint wants to be shown is sent to no host beyond this machine and its link, over https neither."""
    seen = entra(climb(NoNetwork(environ), "managed-identity"))
    assert not registry.routes["metadata"].called
    assert seen.trouble is Trouble.UNAVAILABLE
    assert "planted" not in seen.text


def test_an_odd_client_id_is_refused_in_one_line(registry: respx.MockRouter) -> None:
    """A managed identity's is a GUID, too."""
    with pytest.raises(BadAuth, match=r"^AZURE_CLIENT_ID is set to .* that are no application's id") as refused:
        climb(NoNetwork({"AZURE_CLIENT_ID": "\x1b[31m\udcff::error::x"}), "managed-identity")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"{}", "200 without a token"),
        (200, b"\xff", "200 without a token"),
        (200, b'{"access_token": 5}', "200 without a token"),
        (404, b"<html>no such page</html>", "404 <html>no such page</html>"),
        (403, b"connecting to 169.254.169.254: unreachable", "403 connecting to 169.254.169.254: unreachable"),
        (
            400,
            b'{"error": "invalid_request", "error_description": "Multiple user assigned identities exist"}',
            "400 inv",
        ),
    ],
)
def test_metadata_says_something_else(registry: respx.MockRouter, status: int, body: bytes, words: str) -> None:
    """Any bytes a metadata endpoint can send end in a record of them."""
    registry.routes["metadata"].respond(status, content=body)
    seen = entra(climb(NoNetwork({}), "managed-identity"))
    assert (seen.trouble, seen.issued) == (Trouble.UNAVAILABLE, False)
    assert seen.text.startswith(words)


def test_hosts_that_want_more_than_a_request(registry: respx.MockRouter) -> None:
    """Azure Arc is left to azure-identity, which looks at this process only: for another machine that is recorded."""
    environ = {"IDENTITY_ENDPOINT": "http://localhost:40342/token", "IMDS_ENDPOINT": "http://localhost:40342"}
    seen = entra(climb(NoNetwork(environ), "managed-identity"))
    assert seen.trouble is Trouble.UNAVAILABLE
    assert "azure-identity reads IDENTITY_ENDPOINT" in seen.text
    assert not registry.routes["metadata"].called


class Az:
    """A machine with an az that is a script."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ = {"HOME": str(root), "PATH": os.pathsep.join([str(root / "bin"), "/usr/bin", "/bin"])}
        self.machine = NoNetwork(self.environ)

    def does(self, script: str) -> None:
        program = self.root / "bin/az"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)


@pytest.fixture
def az(tmp_path: Path, registry: respx.MockRouter) -> Az:
    """Deliver a machine with an az, and a registry for what it tells."""
    return Az(tmp_path)


@PROGRAMS
def test_az_is_asked(az: Az, registry: respx.MockRouter) -> None:
    """The program is asked for the registry's audience, in the machine's environment and its own folder, quietly."""
    az.does(f"""
env >{az.root}/environ
pwd -P >{az.root}/folder
echo "$@" >{az.root}/arguments
cat >{az.root}/input
echo WARNING: something >&2
echo '{{"accessToken": "planted-entra-token", "tenant": "t"}}'
""")
    az.environ["AZURE_CLIENT_SECRET"] = "of-the-machine"
    seen = climb(az.machine, "azure-cli")
    assert entra(seen).issued
    assert entra(seen).text == ""
    assert (az.root / "arguments").read_text().split() == [
        *("account", "get-access-token", "--output", "json"),
        *("--scope", "https://containerregistry.azure.net/.default"),
    ]
    environ = (az.root / "environ").read_text().splitlines()
    assert "AZURE_CORE_COLLECT_TELEMETRY=0" in environ
    assert "AZURE_CLIENT_SECRET=of-the-machine" in environ
    assert (az.root / "folder").read_text().strip() == str((az.root / "bin").resolve())
    assert (az.root / "input").read_text() == ""
    assert "access_token=planted-entra-token" in registry.routes["exchange"].calls.last.request.content.decode()
    assert "planted" not in seen.to_json()


@PROGRAMS
def test_az_is_asked_once_for_all_registries(az: Az, registry: respx.MockRouter) -> None:
    """However many registries, the program is run once."""
    az.does(f"""echo run >>{az.root}/runs; echo '{{"accessToken": "planted-entra-token"}}'""")
    climb(az.machine, "azure-cli", MY, OTHER)
    assert (az.root / "runs").read_text() == "run\n"
    assert len(registry.routes["exchange"].calls) == 2


@PROGRAMS
@pytest.mark.parametrize(("spec", "variable"), [("azure-cli", "AZURE_TENANT_ID"), ("me=azure-cli:ME", "ME_TENANT_ID")])
def test_az_is_asked_for_a_tenant(az: Az, spec: str, variable: str) -> None:
    """A tenant that a variable names is asked for; the one of the login itself is az's own business."""
    az.does(f"echo \"$@\" >{az.root}/arguments; echo '{{}}'")
    (az.root / ".azure").mkdir()
    login = {"isDefault": True, "tenantId": "own", "user": {"name": "me", "type": "user"}}
    (az.root / ".azure/azureProfile.json").write_text(json.dumps({"subscriptions": [login]}))
    climb(az.machine, spec)
    assert "--tenant" not in (az.root / "arguments").read_text()
    az.environ[variable] = "another"
    seen = climb(az.machine, spec)
    assert "--tenant another" in (az.root / "arguments").read_text()
    assert seen.credential.tenant_id == "another"


AZ_SAYS = {
    "not signed in": (
        "echo ERROR: Please run \\'az login\\' to setup account. >&2; exit 1",
        "ERROR: Please run 'az login'",
    ),
    "Entra refuses": ("echo 'ERROR: AADSTS700082: The refresh token has expired.' >&2; exit 1", "ERROR: AADSTS700082"),
    "no word": ("exit 3", "az printed no token, exit code 3"),
    "no JSON": ("echo planted-token", "az printed no token, exit code 0"),
    "no token": ('echo \'{"accessToken": ""}\'', "az printed no token, exit code 0"),
    "no object": ("echo '[\"planted-token\"]'", "az printed no token, exit code 0"),
    "bytes": ("printf '\\377\\000::error::x' >&2; exit 1", "\ufffd : :error::x"),
    "a token in an error": ("echo eyJhbGciOiJub25l.eyJhdWQiOiJ4In0abc.sig >&2; exit 1", "***"),
}


@PROGRAMS
@pytest.mark.parametrize("case", AZ_SAYS)
def test_az_tells_no_token(az: Az, case: str) -> None:
    """What az said is recorded, harmless and without secrets, with Entra's number where it names one."""
    script, words = AZ_SAYS[case]
    az.does(script)
    seen = climb(az.machine, "azure-cli")
    found = entra(seen)
    assert (found.trouble, found.reply, found.issued) == (Trouble.UNAVAILABLE, None, False)
    assert found.text.startswith(words)
    assert found.codes == ((700082,) if case == "Entra refuses" else ())
    assert [rung.stage for rung in seen.broken()] == [Stage.ENTRA]
    assert "planted" not in seen.to_json()


def test_az_that_is_not_there(az: Az) -> None:
    """A machine without az is told in the words that azure-identity has for it."""
    az.environ["PATH"] = str(az.root)
    assert entra(climb(az.machine, "azure-cli")).text == "Azure CLI not found on path"


@PROGRAMS
def test_az_that_cannot_be_run(az: Az) -> None:
    """An az whose interpreter is missing is recorded with the system's reason."""
    az.does("")
    (az.root / "bin/az").write_text("#!/nonexistent/interpreter\n")
    assert entra(climb(az.machine, "azure-cli")).text == "No such file or directory"


@PROGRAMS
def test_az_that_does_not_end(az: Az) -> None:
    """An az that hangs ends with the climb's time at the latest."""
    az.does("echo Waiting >&2; sleep 600")
    found = entra(climb(az.machine, "azure-cli", timeout=1.0))
    assert found.trouble is Trouble.OUT_OF_TIME


def test_az_of_the_emulator(emulator: Emulator) -> None:
    """Nobody is signed in: the emulated az says so, and its words are the record."""
    change(emulator, signed_in_with_az)
    assert emulator.world.machine.az is not None
    assert emulator.world.machine.az.user == OPERATOR.name
    emulator.world.machine.az.user = None
    found = entra(climb(emulator.machine, "azure-cli"))
    assert found.text == "ERROR: Please run 'az login' to setup account."


HANGING = """
import threading
from pytest_acrauth.probes.programs.running import run_program
threading.Thread(target=run_program, args=(["{az}"], {{}}, 600.0), daemon=True).start()
# Only when it was noted that it ends with this process, its output is read.
while not ("acrauth-program" in {{each.name for each in threading.enumerate()}} and open("{started}").read()):
    pass
"""


@PROGRAMS
def test_nothing_is_left_running(az: Az) -> None:
    """A process that ends while az runs takes it along: nobody is left who could write to its output."""
    started = az.root / "started"
    started.touch()
    az.does(f"echo $$ >{started}; exec sleep 600")
    (az.root / "hanging.py").write_text(HANGING.format(az=az.root / "bin/az", started=started))
    subprocess.run([sys.executable, az.root / "hanging.py"], check=True, timeout=60)
    asked = ["ps", "-o", "stat=", "-p", started.read_text().strip()]
    until = time.monotonic() + 10
    # Killed, it may take a moment to go, and stay on as a zombie where nobody collects it.
    while state := subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip("Z+s< \n"):
        assert time.monotonic() < until, state


LIGHT = """
import sys
from pytest_acrauth.auth import choose
from pytest_acrauth.running.run import Run
from pytest_acrauth.emulator import Emulator
from pytest_acrauth.model.target import Registry, Target

with Emulator() as emulator:
    (chosen,) = choose(["default"], emulator.environ)
    (seen,) = Run(emulator.machine).check([Target(Registry.parse("myacr"), chosen.identity)])
assert seen.target.identity.method == "service-principal" and not list(seen.broken())
print(sorted({name.partition(".")[0] for name in sys.modules} & {"azure", "msal", "requests", "dns"}))
"""


def test_a_healthy_service_principal_loads_no_azure() -> None:
    """A run with a client secret imports nothing of Azure's."""
    ran = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")
