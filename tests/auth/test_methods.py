"""Which method the environment suggests, what each one reads, and which files are refused before anything is sent."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from pytest_acrauth.auth import (
    METHODS,
    BadAuth,
    Chosen,
    Credential,
    Credentials,
    Method,
    choose,
    pair,
    read_credential,
)
from pytest_acrauth.auth.programs import find_program
from pytest_acrauth.auth.shape import Evidence
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Flow, Registry

MY, OTHER = Registry.parse("myacr"), Registry.parse("otheracr")
TENANT, CLIENT = "3f0c8a52-6d1e-4b7a-9a55-0e8d2c41b6f7", "c1a9e3b4-7d25-4f60-8b1c-5a6e9d0f2b38"
ASSERTION = jwt.encode(
    {"iss": "https://token.example", "sub": "repo:team/app", "aud": "api://AzureADTokenExchange", "exp": 2_000_000_000},
    "k" * 32,
)
KEY = rsa.generate_private_key(65537, 2048)
ENDS = datetime(2031, 5, 17, tzinfo=UTC)

OWN_IDS = {"TENANT_ID": "own.example", "CLIENT_ID": "0b6f4f0e-5a57-4d0c-9d0a-7c1b8e2f3a4d"}
APPLICATION = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT}
ACR = {"ACR_USERNAME": "puller", "ACR_PASSWORD": "made-up-password"}
SECRET = {**APPLICATION, "AZURE_CLIENT_SECRET": "made-up-secret"}
APP_SERVICE = {"IDENTITY_ENDPOINT": "http://127.0.0.1:41741/msi/token", "IDENTITY_HEADER": "made-up-header"}
MACHINE_LEARNING = {"MSI_ENDPOINT": "http://127.0.0.1:46808/MSI/auth", "MSI_SECRET": "made-up-msi-secret"}
GITHUB_JOB = {
    **APPLICATION,
    "GITHUB_ACTIONS": "true",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://run.actions.githubusercontent.com/idtoken/1?api-version=2.0",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "made-up-request-token",
}
PIPELINE = {
    "TF_BUILD": "True",
    "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/contoso/1/_apis/oidctoken",
    "SYSTEM_ACCESSTOKEN": "made-up-access-token",
    "AZURESUBSCRIPTION_TENANT_ID": TENANT,
    "AZURESUBSCRIPTION_CLIENT_ID": CLIENT,
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "d95e2f07-3b48-4c61-9a1f-e06c7d5b8243",
}
POD = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:2579"}


def certificate(key: Any, *, ends: datetime = ENDS) -> x509.Certificate:
    """Return a certificate that a key has signed itself."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ci")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(ends - timedelta(days=365)).not_valid_after(ends)
    return builder.sign(key, hashes.SHA256())


def pem(key: Any, password: str = "") -> bytes:
    """Return a private key in PEM, encrypted where there is a password."""
    encryption: Any = (
        serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    )
    text: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return text


def in_pem(key: Any, password: str = "") -> bytes:
    """Return what az hands out: key and certificate in one PEM file."""
    return pem(key, password) + certificate(key).public_bytes(serialization.Encoding.PEM)


def in_pkcs12(key: Any, password: str = "") -> bytes:
    """Return key and certificate as PKCS #12."""
    encryption: Any = (
        serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    )
    return pkcs12.serialize_key_and_certificates(b"ci", key, certificate(key), None, encryption)


class Place:
    """A machine's files: a home folder, an az on the PATH, and the environments that name them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = {"HOME": str(root)}

    def write(self, name: str, content: str | bytes) -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    @property
    def certificate(self) -> Mapping[str, str]:
        return {**APPLICATION, "AZURE_CLIENT_CERTIFICATE_PATH": self.write("ci.pem", in_pem(KEY))}

    @property
    def federated(self) -> Mapping[str, str]:
        return {**APPLICATION, "AZURE_FEDERATED_TOKEN_FILE": self.write("token", f"{ASSERTION}\n")}

    @property
    def az(self) -> Mapping[str, str]:
        """An az that may be run."""
        path = Path(self.write("bin/az", "#!/bin/sh\n"))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return {**self.home, "PATH": str(path.parent)}

    @property
    def login(self) -> Mapping[str, str]:
        """An az that is signed in."""
        self.profile({"name": "me@example.org", "type": "user"})
        return self.az

    def profile(self, user: Mapping[str, str], *, folder: str = ".azure") -> None:
        entries = [
            {"isDefault": False, "tenantId": "another", "user": {"name": "other", "type": "user"}},
            {"isDefault": True, "tenantId": TENANT, "user": user},
        ]
        # az writes a byte order mark.
        self.write(f"{folder}/azureProfile.json", b"\xef\xbb\xbf" + json.dumps({"subscriptions": entries}).encode())

    @property
    def docker(self) -> Mapping[str, str]:
        """A stored login for myacr."""
        auth = {"auth": "cHVsbGVyOm1hZGUtdXAtcGFzc3dvcmQ="}  # puller:made-up-password
        self.write(".docker/config.json", json.dumps({"auths": {"myacr.azurecr.io": auth}}))
        return self.home


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Deliver a machine's files."""
    return Place(tmp_path)


def chosen(environ: Mapping[str, str], spec: str = "default") -> Chosen:
    """Return what is chosen for myacr."""
    return choose([spec], environ, [MY])[0]


def own(environ: Mapping[str, str], spec: str = "default", secrets: Secrets | None = None) -> Credential:
    """Return the credential of what is chosen for myacr."""
    return read_credential(chosen(environ, spec).identity, MY, environ, secrets or Secrets())


ORDER = (
    "basic",
    "workload-identity",
    "github-actions",
    "azure-pipelines",
    "service-principal",
    "service-principal-certificate",
    "managed-identity",
    "azure-cli",
    "docker-config",
)


def everything(place: Place) -> list[Mapping[str, str]]:
    """Return one environment for each detected method, in the order in which ``default`` looks."""
    first: list[Mapping[str, str]] = [ACR, place.federated, GITHUB_JOB, PIPELINE, SECRET]
    return [*first, place.certificate, APP_SERVICE, place.login, place.docker]


@pytest.mark.parametrize("position", range(len(ORDER)))
def test_default_takes_the_first_of_the_order(place: Place, position: int) -> None:
    """Of all that is there, ``default`` takes what comes first, and names all the rest."""
    environ = {name: text for each in everything(place)[position:] for name, text in each.items()}
    found = chosen(environ)
    assert found.identity.method == ORDER[position]
    also = [note.removeprefix("also found: ") for note in found.notes if note.startswith("also found: ")]
    assert tuple(text.split(" ")[0] for note in also for text in note.split(", ")) == ORDER[position + 1 :]
    assert len(also) == (position + 1 < len(ORDER))


@pytest.mark.parametrize("position", range(len(ORDER)))
def test_default_takes_what_is_there_alone(place: Place, position: int) -> None:
    """Each method is found by its own signs, and nothing else is noted as found or incomplete."""
    # Only what this method needs: the files of az and docker are written when they are asked for.
    needs: list[Callable[[], Mapping[str, str]]] = [
        lambda: ACR,
        lambda: place.federated,
        lambda: GITHUB_JOB,
        lambda: PIPELINE,
        lambda: SECRET,
        lambda: place.certificate,
        lambda: APP_SERVICE,
        lambda: place.login,
        lambda: place.docker,
    ]
    found = chosen(needs[position]())
    assert found.identity.method == ORDER[position]
    assert not [note for note in found.notes if "incomplete" in note or "ignored" in note]


def test_the_table_has_the_order_of_the_documentation() -> None:
    """The rows that are detected stand in the order in which they are looked for."""
    assert tuple(method.name for method in METHODS if method.detected) == ORDER


def test_logins_look_for_evidence_in_the_order_of_the_documentation() -> None:
    """Each method of the Entra flow has its turn, and none the same."""
    turns = {method.evidence.turn: method.name for method in METHODS if method.evidence is not None}
    assert [turns[turn] for turn in sorted(turns)] == [
        "service-principal",
        "service-principal-certificate",
        "workload-identity",
        "github-actions",
        "azure-pipelines",
        "managed-identity",
        "azure-cli",
    ]
    assert len(turns) == len([method for method in METHODS if method.flow is Flow.ENTRA])


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"flow": Flow.ANONYMOUS, "detected": True}, "has neither variables nor a place"),
        ({"flow": Flow.BASIC}, "a row says which registries it serves"),
        ({"flow": Flow.ENTRA}, "say how they are asked"),
        ({"flow": Flow.BASIC, "evidence": Evidence(1, "made-up")}, "say how they are asked"),
    ],
)
def test_a_row_says_enough(parts: Any, words: str) -> None:
    """A row to be found by nothing, with a password for everybody, or with no turn among logins, is refused."""
    with pytest.raises(ValueError, match=words):
        Method(name="made-up", summary="", read=METHODS[0].read, **parts)


@pytest.mark.parametrize("environ", [APP_SERVICE, MACHINE_LEARNING, POD])
def test_a_managed_identity_needs_a_sign(environ: Mapping[str, str]) -> None:
    """A host that names its metadata endpoint is recognised by it, and the note says by which variable."""
    found = chosen(environ)
    assert (found.identity.method, found.notes) == ("managed-identity", (next(iter(environ)),))


def test_nothing_found_lists_every_place(place: Place) -> None:
    """The usage error says where was looked, files with their paths, and what was half there."""
    with pytest.raises(BadAuth, match="no credential found") as caught:
        chosen({**place.home, "AZURE_FEDERATED_TOKEN_FILE": "/run/token"})
    words = str(caught.value)
    for place_looked in ("ACR_USERNAME", "AZURE_CLIENT_CERTIFICATE_PATH", "IDENTITY_ENDPOINT", "az on PATH"):
        assert place_looked in words
    for path in (place.root / ".azure/azureProfile.json", place.root / ".docker/config.json"):
        assert str(path) in words
    assert "incomplete workload-identity: AZURE_TENANT_ID, AZURE_CLIENT_ID not set" in words
    assert "anonymous" in words


def test_without_a_home_folder() -> None:
    """An environment that names no home folder is no reason to look anywhere else."""
    with pytest.raises(BadAuth, match="a home folder, which is not known"):
        chosen({"PATH": "/usr/bin"})


def test_shared_variables_are_no_incomplete_method() -> None:
    """What a complete method reads is not held against the others that would read it too."""
    assert chosen(SECRET).notes == ()
    assert chosen({**APP_SERVICE, "AZURE_CLIENT_ID": CLIENT}).notes == ("IDENTITY_ENDPOINT",)
    assert chosen({**ACR, "AZURE_CLIENT_ID": CLIENT}).notes == (
        "incomplete service-principal: AZURE_TENANT_ID, AZURE_CLIENT_SECRET not set",
    )


def test_az_counts_only_signed_in(place: Place) -> None:
    """An az without a login, and a login without an az, are both no credential."""
    with pytest.raises(BadAuth, match="no credential found"):
        chosen(place.az)
    place.profile({"name": "me@example.org", "type": "user"})
    with pytest.raises(BadAuth, match="no credential found"):
        chosen(place.home)
    assert chosen(place.az).notes == (str(place.root / ".azure/azureProfile.json"),)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"subscriptions": 1}', b'{"subscriptions": [1]}'])
def test_an_unreadable_az_profile_is_no_login(place: Place, content: bytes) -> None:
    """Whatever lies where az keeps its profile, it is at most no login."""
    environ = place.az
    place.write(".azure/azureProfile.json", content)
    with pytest.raises(BadAuth, match="no credential found"):
        chosen(environ)


def test_a_program_is_found_where_the_current_folder_is_gone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may remove the folder that a run was started in."""
    gone = place.root / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert find_program("az", place.login) == str(Path(place.login["PATH"]) / "az")


def test_az_is_not_looked_for_in_the_current_folder(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a relative part of the PATH nor the current folder itself decides what is run."""
    environ = place.login
    folder = Path(environ["PATH"])
    assert find_program("az", environ) == str(folder / "az")
    monkeypatch.chdir(folder)
    for path in (".", "", str(folder), f"{folder}/../bin"):
        assert find_program("az", {"PATH": path}) == ""
    monkeypatch.chdir(place.root)
    assert find_program("az", {"PATH": "bin"}) == ""


@pytest.mark.parametrize(
    ("user", "kind", "client_id"),
    [
        ({"name": "me@example.org", "type": "user"}, Kind.USER, ""),
        ({"name": CLIENT, "type": "servicePrincipal"}, Kind.SERVICE_PRINCIPAL, CLIENT),
        ({"name": "systemAssignedIdentity", "type": "servicePrincipal"}, Kind.MANAGED_IDENTITY, ""),
    ],
)
def test_whose_login_az_has(place: Place, user: Mapping[str, str], kind: Kind, client_id: str) -> None:
    """The profile tells what kind of account is signed in, and its tenant."""
    environ = {**place.az, "AZURE_CONFIG_DIR": str(place.root / "elsewhere"), "AZURE_CLIENT_ID": "not-of-az"}
    place.profile(user, folder="elsewhere")
    facts = own(environ, "azure-cli").facts
    assert (facts.kind, facts.client_id, facts.tenant_id) == (kind, client_id, TENANT)
    assert facts.source == str(place.root / "elsewhere/azureProfile.json")


def test_az_can_be_asked_for_without_a_sign() -> None:
    """A method asked for by name is taken as asked; whether it works is for the climb to see."""
    facts = own({}, "azure-cli").facts
    assert (facts.kind, facts.tenant_id, facts.source) == (Kind.USER, "", "")
    assert chosen({}, "managed-identity").notes == ("the metadata service of a virtual machine",)


def test_a_docker_config_must_serve_every_registry(place: Place) -> None:
    """``default`` takes a docker config only where it has a login for each registry under test."""
    environ = place.docker
    assert chosen(environ).notes == (str(place.root / ".docker/config.json"),)
    for registries in ([MY, OTHER], [OTHER], []):
        with pytest.raises(BadAuth, match="no credential found"):
            choose(["default"], environ, registries)


def test_a_broken_docker_config_is_noted(place: Place) -> None:
    """A docker config that cannot be read is seen, not taken, and does not hide what else is there."""
    path = place.write(".docker/config.json", "{")
    assert chosen({**place.home, **SECRET}).notes == (f"the docker config {path} is no JSON",)


def test_a_docker_config_is_used_where_it_has_a_login(place: Place) -> None:
    """Its entries belong to their registries; a registry without one needs another identity."""
    environ = {**place.docker, **ACR, "CI_USERNAME": "ci", "CI_PASSWORD": "made-up", "CI_REGISTRY": "otheracr"}
    alone = choose(["docker-config"], environ, [MY, OTHER])
    with pytest.raises(BadAuth, match=r"no identity is left for otheracr\.azurecr\.io"):
        pair([MY, OTHER], alone, environ)
    both = choose(["docker-config", "ci=basic:CI"], environ, [MY, OTHER])
    assert [(registry, identity.name) for registry, identity in pair([MY, OTHER], both, environ)] == [
        (MY, "docker-config"),
        (OTHER, "ci"),
    ]
    with pytest.raises(BadAuth, match=r"holds no login for otheracr\.azurecr\.io; run docker login"):
        pair([OTHER], alone, environ)


@pytest.mark.parametrize("method", [method for method in METHODS if method.takes_prefix])
def test_named_identities_have_their_own_variables(place: Place, method: Any) -> None:
    """With a prefix a method reads that prefix's variables, and not the usual ones."""
    values = {
        "CLIENT_CERTIFICATE_PATH": place.write("ci.pem", in_pem(KEY)),
        "FEDERATED_TOKEN_FILE": place.write("token", ASSERTION),
        "FEDERATED_TOKEN": ASSERTION,
        "FILE": place.write("pull-secret.json", json.dumps({"auths": {"myacr.azurecr.io": {"auth": "cDpxcXFx"}}})),
    }
    suffixes = (*method.variables, *(suffix for suffix in method.optional if suffix != "CLIENT_CERTIFICATE_PASSWORD"))
    suffixes = (*suffixes, *method.either, *method.prefixed)
    usual = {f"{method.prefix}_{suffix}": f"usual-{suffix}" for suffix in method.suffixes}
    given = {name: f"https://ci.example/{name}" for name in method.given}
    environ = {
        **usual,
        **given,
        **{f"TEAM_CI_{suffix}": values.get(suffix, OWN_IDS.get(suffix, f"own-{suffix}")) for suffix in suffixes},
    }
    found = chosen(environ, f"ci={method.name}:TEAM_CI")
    assert (found.identity.name, found.identity.method, found.identity.prefix) == ("ci", method.name, "TEAM_CI")
    facts = read_credential(found.identity, MY, environ, Secrets()).facts
    for suffix, shown in {"TENANT_ID": facts.tenant_id, "CLIENT_ID": facts.client_id}.items():
        assert shown == (OWN_IDS[suffix] if suffix in suffixes else "")


def test_a_prefix_where_nothing_is_read() -> None:
    """A method without variables takes no prefix."""
    with pytest.raises(BadAuth, match="reads no variables and takes no prefix"):
        chosen({}, "anonymous:CI")


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (in_pem(KEY), ""),
        (in_pem(KEY, "made-up"), "made-up"),
        (in_pkcs12(KEY), ""),
        (in_pkcs12(KEY, "made-up"), "made-up"),
    ],
    ids=["PEM", "PEM with password", "PKCS 12", "PKCS 12 with password"],  # keys are new in every process
)
def test_certificate_files(place: Place, content: bytes, password: str) -> None:
    """PEM and PKCS #12 files, encrypted or not, are read; what is shown is until when they are valid."""
    environ = {
        **APPLICATION,
        "AZURE_CLIENT_CERTIFICATE_PATH": place.write("ci.pem", content),
        "AZURE_CLIENT_CERTIFICATE_PASSWORD": password,
    }
    secrets = Secrets()
    found = own(environ, "service-principal-certificate", secrets)
    assert (found.facts.kind, found.facts.secret) == (Kind.SERVICE_PRINCIPAL, SecretShape.CERTIFICATE)
    assert found.facts.secret_expires == ENDS.timestamp()
    assert found.secret is None
    assert secrets.scrub(f"<{password}>") == ("<***>" if password else "<>")


BAD_CERTIFICATES = {
    "empty": (b"", "", "it is no PEM or PKCS #12 file"),
    "no such form": (b"made-up-content", "", "it is no PEM or PKCS #12 file"),
    "broken PEM": (b"-----BEGIN PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n", "", "it is no PEM or PKCS #12 file"),
    "certificate only": (certificate(KEY).public_bytes(serialization.Encoding.PEM), "", "it holds no private key"),
    "key only": (pem(KEY), "", "it holds no certificate"),
    "PKCS #12 without key": (
        pkcs12.serialize_key_and_certificates(b"ci", None, certificate(KEY), None, serialization.NoEncryption()),
        "",
        "it holds no private key",
    ),
    "password missing": (in_pem(KEY, "made-up"), "", "its private key is encrypted"),
    "password too many": (in_pem(KEY), "made-up", "its private key is not encrypted"),
    "password wrong": (in_pem(KEY, "made-up"), "other", "or its password is another one"),
    "PKCS #12 password wrong": (in_pkcs12(KEY, "made-up"), "other", "or its password is another one"),
    "no RSA": (in_pem(ec.generate_private_key(ec.SECP256R1())), "", "its private key is no RSA key"),
}


@pytest.mark.parametrize("case", BAD_CERTIFICATES)
def test_bad_certificate_files(place: Place, case: str) -> None:
    """A file that cannot sign is a usage error with variable, path and reason, and without a word of what is in it."""
    content, password, words = BAD_CERTIFICATES[case]
    path = place.write("ci.pem", content)
    environ = {**APPLICATION, "AZURE_CLIENT_CERTIFICATE_PATH": path, "AZURE_CLIENT_CERTIFICATE_PASSWORD": password}
    with pytest.raises(BadAuth) as caught:
        chosen(environ)
    said = str(caught.value)
    assert said.startswith(f"AZURE_CLIENT_CERTIFICATE_PATH: cannot use {path!r}: ")
    assert words in said
    assert "made-up" not in said.replace(path, "")
    assert "BEGIN" not in said


@pytest.mark.parametrize("variable", ["AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"])
def test_files_that_cannot_be_read(place: Place, variable: str) -> None:
    """A file that is missing, a folder, or no path at all is named with its variable."""
    for path, reason in {
        str(place.root / "nothing"): "No such file",
        str(place.root): "Is a directory",
        "\0": "that is no path",
    }.items():
        with pytest.raises(BadAuth) as caught:
            chosen({**APPLICATION, variable: path})
        assert str(caught.value).startswith(f"{variable}: cannot read {path!r}: {reason}")


def test_a_federated_token(place: Place) -> None:
    """Of a federated token only audience and end are shown; the token itself is a registered secret."""
    secrets = Secrets()
    facts = own(place.federated, secrets=secrets).facts
    assert facts.secret is SecretShape.ASSERTION
    assert (facts.secret_audience, facts.secret_expires) == ("api://AzureADTokenExchange", 2_000_000_000)
    assert secrets.scrub(f"<{ASSERTION}>") == "<***>"
    opaque = {**APPLICATION, "AZURE_FEDERATED_TOKEN_FILE": place.write("token", "made-up-opaque-token")}
    own(opaque, secrets=secrets)
    assert secrets.scrub("the made-up-opaque-token") == "the ***"


def test_a_credential_is_read_once_for_all_registries(place: Place) -> None:
    """What an identity shows every registry alike is read once; what else there is, for each."""
    environ = {**place.certificate, **place.docker}
    identity = chosen(environ, "service-principal-certificate").identity
    credentials = Credentials(environ, Secrets())
    first = credentials.read(identity, MY)
    Path(environ["AZURE_CLIENT_CERTIFICATE_PATH"]).unlink()
    second = credentials.read(identity, OTHER)
    assert (first.facts.also, second.facts.also) == (("docker-config",), ())
    assert replace(second.facts, also=first.facts.also) == first.facts
    gone = read_credential(identity, MY, environ, Secrets())
    assert gone.facts.secret_expires is None


def test_a_stored_login_is_read_for_each_registry(place: Place) -> None:
    """One registry's stored login is never taken for another's, however many are read."""
    environ = place.docker
    credentials = Credentials(environ, Secrets())
    identity = chosen(environ, "docker-config").identity
    assert credentials.read(identity, MY).user == "puller"
    with pytest.raises(BadAuth, match=r"holds no login for otheracr\.azurecr\.io"):
        credentials.read(identity, OTHER)


def test_an_empty_federated_token_file(place: Place) -> None:
    """A file in which no token was projected is a usage error."""
    path = place.write("token", " \n")
    with pytest.raises(BadAuth, match=r"AZURE_FEDERATED_TOKEN_FILE: .* is empty"):
        chosen({**APPLICATION, "AZURE_FEDERATED_TOKEN_FILE": path})


@pytest.mark.parametrize("environ", [APP_SERVICE, MACHINE_LEARNING])
def test_what_a_metadata_endpoint_wants_to_see_is_secret(environ: Mapping[str, str]) -> None:
    """The header value of a metadata endpoint is registered; the identity shows the variable that names the place."""
    secrets = Secrets()
    facts = own({**environ, "AZURE_CLIENT_ID": CLIENT}, secrets=secrets).facts
    endpoint, secret = environ
    assert (facts.kind, facts.client_id, facts.source) == (Kind.MANAGED_IDENTITY, CLIENT, endpoint)
    assert secrets.scrub(environ[secret]) == "***"


@pytest.mark.parametrize("address", ["gopher://127.0.0.1/", "http://[", "http://", "127.0.0.1:80", "http://h:port/"])
@pytest.mark.parametrize("environ", [APP_SERVICE, MACHINE_LEARNING, POD])
def test_metadata_endpoints_that_are_no_address(environ: Mapping[str, str], address: str) -> None:
    """A variable that names no http address is a usage error with variable and value, found or asked for by name."""
    variable = next(iter(environ))
    for spec in ("default", "managed-identity"):
        with pytest.raises(BadAuth) as caught:
            chosen({**environ, variable: address}, spec)
        assert str(caught.value) == f"{variable} is {address!r}, which is no http address"


@pytest.mark.parametrize("position", range(len(ORDER)))
def test_a_secret_of_ones_own_has_a_shape(place: Place, position: int) -> None:
    """Where the machine gives out tokens, the facts show no secret; so the catalogue knows that a cache may answer."""
    environ = {name: text for each in everything(place)[position:] for name, text in each.items()}
    shown = own(environ).facts.secret is not SecretShape.NONE
    assert shown is (ORDER[position] not in {"managed-identity", "azure-cli"})


def test_what_else_is_there_is_shown(place: Place) -> None:
    """The facts name the other credentials that the environment holds, however the identity was chosen."""
    environ = {**SECRET, **place.login, **ACR}
    assert own(environ).facts.also == ("service-principal", "azure-cli")
    assert own(environ, "admin").facts.also == ("service-principal", "azure-cli")
    assert own(environ, "azure-cli").facts.also == ("basic", "service-principal")
    named = {**environ, "CI_USERNAME": "ci", "CI_PASSWORD": "made-up"}
    assert own(named, "ci=basic:CI").facts.also == ("basic", "service-principal", "azure-cli")


@pytest.mark.parametrize("position", range(len(ORDER)))
def test_no_credential_shows_its_secret(place: Place, position: int) -> None:
    """Neither the facts nor the object itself show a password, an assertion, a key or a header value."""
    secrets = Secrets()
    environ = {name: text for each in everything(place)[position:] for name, text in each.items()}
    found = own(environ, secrets=secrets)
    shown = f"{found!r} {asdict(found.facts)}"
    for planted in ("made-up", ASSERTION, "PRIVATE KEY"):
        assert planted not in shown
