"""The live run, without Azure: against a served emulator, and against answers that differ on purpose."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from canaries import forms
from live.accepted import ACCEPTED
from live.findings import compare
from live.likeness import Likeness
from live.requests import REQUESTS, Asked
from live.visit import Image, Visit
from live.wanted import Wanted, environment, read

from pytest_acrauth.auth import METHODS, choose
from pytest_acrauth.emulator import Emulator
from pytest_acrauth.emulator.scenarios.variants import IDENTITIES, open_to_everybody
from pytest_acrauth.emulator.server.front import Front
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import PrivateEndpoint, RoleAssignment
from pytest_acrauth.emulator.world.healthy import PRINCIPAL
from pytest_acrauth.emulator.world.roles import EVIDENCE
from pytest_acrauth.model.credential import Kind
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Flow, Identity, Reference, Registry, Target

ROOT = Path(__file__).parents[1]
LIVE = ROOT / "tests" / "live"
OPTION = re.compile(r"--live(?:-\w+)*")
SECTION = re.compile(r"=+ live =+")
CANARY = "canary-8fJ2~Qw-and-more-of-it"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
TENANT = "0b1f7c3a-5d2e-4c88-9a44-7e6f5d4c3b2a"


class Served:
    """An emulator in the place of Azure, and live runs against it, in processes of their own."""

    def __init__(self, emulator: Emulator, pytester: pytest.Pytester, environ: pytest.MonkeyPatch) -> None:
        self.emulator = emulator
        self.pytester = pytester
        self.bundle = pytester.path / "authority.pem"
        self.bundle.write_text(emulator.ca_pem, encoding="ascii")
        for name, value in emulator.environ.items():
            if name.startswith(("AZURE_", "ACR_")):
                environ.setenv(name.replace("AZURE_", "LIVE_"), value)
        # What nobody names is not read: each of these would break the run, or show in it.
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            environ.setenv(name, "http://127.0.0.1:9")
        for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "ACR_USERNAME", "ACR_PASSWORD"):
            environ.setenv(name, CANARY)

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run what a maintainer runs, led to the emulator."""
        way = ("--live-proxy", self.emulator.proxy_url, "--live-ca-bundle", str(self.bundle))
        return self.apart("--live", "myacr", *way, *arguments)

    def apart(self, *arguments: str) -> pytest.RunResult:
        """Run the folder of the live tests."""
        return self.pytester.runpytest_subprocess(str(LIVE), "-p", "no:cacheprovider", *arguments)


@pytest.fixture
def served(pytester, clean_environment):
    """Serve a healthy world."""
    clean_environment.setenv("COLUMNS", "200")
    with Emulator() as emulator:
        yield Served(emulator, pytester, clean_environment)


def printed(result: pytest.RunResult) -> list[str]:
    """Return the lines of the live section."""
    lines = result.outlines
    begin = next(number for number, line in enumerate(lines) if SECTION.fullmatch(line))
    end = next(number for number, line in enumerate(lines) if number > begin and line.startswith("="))
    return [line for line in lines[begin + 1 : end] if line]


def rows(folder: Path, side: str) -> dict[str, dict]:
    """Return the rows that were recorded of a side."""
    read = map(json.loads, (folder / f"{side}.jsonl").read_text(encoding="utf-8").splitlines())
    return {row["id"]: row for row in read}


@pytest.mark.thorough
def test_the_emulator_does_not_differ_from_itself(served, tmp_path):
    """Every request is asked, none that changes anything, and no difference is found."""
    folder = tmp_path / "record"
    arguments = ("--live-repository", "team/app:latest", "--live-record", str(folder))
    result = served.run("--live-auth", "service-principal:LIVE", *arguments)
    result.assert_outcomes(passed=len(REQUESTS) + 1)
    count = f"myacr.azurecr.io beside the emulator: {len(REQUESTS) + 1} the same, 0 different, 0 not asked"
    assert printed(result) == [count, f"recorded in {folder}: read it before you share it"]
    assert [*rows(folder, "registry")] == [*rows(folder, "emulator")] == [asked.id for asked in REQUESTS]
    posted = {(each.host, each.path) for each in served.emulator.requests if each.method == "POST"}
    assert {path.rpartition("/")[2] for _, path in posted} == {"token", "exchange", "resources"}
    assert {each.method for each in served.emulator.requests} == {"GET", "HEAD", "POST"}
    told = (folder / "differences.txt").read_text(encoding="utf-8").splitlines()
    assert told == [count]


@pytest.mark.thorough
def test_the_record_has_the_shape_of_the_corpus(served, tmp_path):
    """A row has the fields of a recorded case, and names no secret, tenant, subscription, object or address."""
    folder = tmp_path / "record"
    served.run(
        "--live-auth", "service-principal:LIVE", "--live-repository", "team/app", "--live-record", str(folder)
    ).assert_outcomes(passed=len(REQUESTS) + 1)
    fields = {"id", "source", "request", "response", "kind", "label", "also", "note"}
    for row in rows(folder, "registry").values():
        assert set(row) == fields
        assert set(row["request"]) == {"method", "url", "headers", "body"}
        assert set(row["response"]) == {"status", "headers", "body"}
        assert "Authorization" not in row["request"]["headers"] or row["request"]["headers"]["Authorization"] == "***"
    cloud, machine = served.emulator.world.cloud, served.emulator.environ
    ids = {*cloud.tenants, *cloud.subscriptions, *cloud.applications, PRINCIPAL}
    secrets = [value for name, value in machine.items() if name.endswith(("SECRET", "PASSWORD"))]
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not [each for each in (*ids, "198.51.100.7", "sig=", "eyJ") if each in text.replace("sig=***", "")]
        assert not [form for secret in secrets for form in forms(secret) if form in text], path


@pytest.mark.thorough
@pytest.mark.parametrize("auth", ["admin:ACR_ADMIN", "scope-map-token:ACR_PULLER", "basic:ACR_SP"])
def test_basic_credentials_are_compared_too(served, auth):
    """What is Entra's is not asked as anybody else, and says so."""
    result = served.run("--live-auth", auth, "--live-repository", "team/app")
    of_entra = {"entra-unknown-client", "exchange", "arm-registry", "arm-registry-unknown", "arm-registry-nobody"}
    result.assert_outcomes(passed=len(REQUESTS) + 1 - len(of_entra), skipped=len(of_entra))
    result.stdout.fnmatch_lines(["SKIPPED [[]5[]] *: not asked: the identity is none of Entra's"])


Change = Callable[[SimpleNamespace], None]


def _status(answer: SimpleNamespace) -> None:
    answer.status = 400


def _headers(answer: SimpleNamespace) -> None:
    kept = [each for each in answer.headers if each[0].lower() != b"docker-distribution-api-version"]
    answer.headers = [*kept, (b"x-ms-new", b"1"), (b"X-Azure-Ref", b"0abc")]


def _keys(answer: SimpleNamespace) -> None:
    found = json.loads(answer.body)
    del found["tagCount"]
    found["changeableAttributes"]["quota"] = 7
    answer.body = json.dumps(found).encode()


def _message(answer: SimpleNamespace) -> None:
    answer.body = (
        b'{"errors":[{"code":"TAG_MISSING","message":"tag \\"no-such-tag\\" of 2026-01-02T03:04:05Z is gone"}]}'
    )


def _page(answer: SimpleNamespace) -> None:
    answer.headers = [(b"content-type", b"text/html")] + [each for each in answer.headers if each[0] != b"Content-Type"]
    answer.body = b"<html>the gateway is tired</html>"


def _large(answer: SimpleNamespace) -> None:
    answer.body = b" " * (5 * 1024 * 1024)


def _spilt(answer: SimpleNamespace) -> None:
    secret = answer.secret
    message = f"no {secret} for admin@contoso.example of {TENANT} at 203.0.113.77, use Bearer {TOKEN}"
    found = {"errors": [{"code": "DENIED", "message": message, "detail": {secret: secret, "password": CANARY}}]}
    answer.body = json.dumps(found).encode()
    answer.headers += [(b"x-echo", secret.encode()), (b"set-cookie", b"session=" + CANARY.encode())]


CHANGES: dict[str, Change] = {
    "/v2/Nonexistent/tags/list": _status,
    "/acr/v1/_catalog": _headers,
    "/acr/v1/team/app": _keys,
    "/acr/v1/team/app/_tags/no-such-tag": _message,
    "/v2/team/app/manifests/no-such-tag": _page,
    "/acr/v1/team/app/_tags": _large,
    f"/v2/team/app/blobs/sha256:{'0' * 64}": _spilt,
}


@pytest.fixture
def altered(monkeypatch):
    """Let an emulator of this process answer other things on some paths, and with 200 for a part of a blob."""
    secret: list[str] = []
    original = Front._service

    def service(self, host, device, path):
        inner = original(self, host, device, path)

        async def app(scope, receive, send):
            came: list[dict] = []

            async def keep(message):
                came.append(message)

            await inner(scope, receive, keep)
            answer = SimpleNamespace(
                status=came[0]["status"],
                headers=[*came[0]["headers"]],
                body=b"".join(each.get("body", b"") for each in came[1:]),
                secret=secret[0],
            )
            CHANGES.get(path, lambda _: None)(answer)
            if host.endswith(".blob.core.windows.net"):
                answer.status = 200
            kept = [each for each in answer.headers if each[0].lower() != b"content-length"]
            length = (b"Content-Length", str(len(answer.body)).encode())
            body = b"" if scope["method"] == "HEAD" else answer.body
            headers = came[0]["headers"] if scope["method"] == "HEAD" else [*kept, length]
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return app

    monkeypatch.setattr(Front, "_service", service)
    return secret


EXPECTED = """\
blob-data: status: registry 200, emulator 206
blob-unknown: JSON key errors[].detail.***: only the registry's
blob-unknown: JSON key errors[].detail.digest: only the emulator's
blob-unknown: JSON key errors[].detail.password: only the registry's
blob-unknown: header set-cookie: only the registry's
blob-unknown: header x-echo: only the registry's
blob-unknown: message: registry "DENIED no *** for <person> of <id> at <address>, use Bearer ***", \
emulator "BLOB_UNKNOWN blob unknown to registry"
catalog-own: header docker-distribution-api-version: only the emulator's
catalog-own: header x-ms-new: only the registry's
climb: stage data: registry passed 200, emulator passed 206
manifest-unknown: body: registry text, emulator JSON
manifest-unknown: header content-type: registry "text/html", emulator "application/json; charset=utf-8"
repository-capitals: status: registry 400, emulator 404
repository: JSON key changeableAttributes.quota: only the registry's
repository: JSON key tagCount: only the emulator's
tag-unknown: message: registry "TAG_MISSING tag … of <date> is gone", \
emulator "TAG_UNKNOWN the specified tag does not exist"
tags-own: answer: registry no answer: too large more than 4194304 bytes, emulator 200
accepted: catalog-own: header x-azure-ref: only the registry's (Azure Front Door adds it \
(https://learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol))
""".splitlines()


@pytest.mark.thorough
def test_every_difference_is_one_line(altered, served, tmp_path):
    """Status, headers, keys, messages, pages and no answer are told as such; a failed test for each request."""
    altered.append(served.emulator.environ["AZURE_CLIENT_SECRET"])
    folder = tmp_path / "record"
    result = served.run(
        "--live-auth", "service-principal:LIVE", "--live-repository", "team/app", "--live-record", str(folder), "-rf"
    )
    different = {line.partition(":")[0] for line in EXPECTED} - {"accepted"}
    same = len(REQUESTS) + 1 - len(different)
    count = f"myacr.azurecr.io beside the emulator: {same} the same, {len(different)} different, 0 not asked"
    assert printed(result)[:-1] == [*EXPECTED, count]
    result.assert_outcomes(passed=same, failed=len(different))
    assert {f"test_answer[{name}]" for name in different if name != "climb"} | {"test_climb"} == {
        line.partition("::")[2].partition(" ")[0] for line in result.outlines if line.startswith("FAILED")
    }
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    spilt = [altered[0], CANARY, TOKEN, TENANT, "admin@contoso.example", "203.0.113.77"]
    everything = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    everything |= {"printed": result.stdout.str(), "errors": result.stderr.str()}
    for name, text in everything.items():
        assert not [form for secret in spilt for form in forms(secret) if form in text], name


LIKE: dict[str, Change] = {}


def _like(change: Callable[[World], None]) -> Callable[[World], None]:
    LIKE[change.__name__.strip("_")] = change
    return change


def _mine(world: World):
    return world.cloud.registries["myacr"]


@_like
def _open_to_all(world: World) -> None:
    _mine(world).anonymous_pull = True


@_like
def _without_admin_and_small(world: World) -> None:
    _mine(world).admin_enabled, _mine(world).sku, _mine(world).tags = False, "Basic", {"team": "a", "cost centre": "b"}


@_like
def _alone_in_the_registry(world: World) -> None:
    repositories = _mine(world).repositories
    del repositories["team/multi"]


@_like
def _several_tags(world: World) -> None:
    image = _mine(world).repositories["team/app"]
    image.tags |= dict.fromkeys(("v1", "v2"), image.tags["latest"])


@_like
def _with_a_data_endpoint(world: World) -> None:
    _mine(world).data_endpoint_enabled = True


@_like
def _with_rules_and_an_endpoint(world: World) -> None:
    _mine(world).ip_rules = ["198.51.100.0/24"]
    _mine(world).private_endpoints = [PrivateEndpoint("endpoint", "10.1.0.5", "Pending")]


@_like
def _with_rights_by_repository(world: World) -> None:
    _mine(world).abac = True
    roles = ("Container Registry Repository Reader", "Container Registry Repository Catalog Lister")
    world.cloud.assignments += [RoleAssignment(PRINCIPAL, role, _mine(world).resource_id) for role in roles]


@_like
def _with_rights_by_repository_and_no_catalog(world: World) -> None:
    _mine(world).abac = True
    role = "Container Registry Repository Reader"
    world.cloud.assignments.append(RoleAssignment(PRINCIPAL, role, _mine(world).resource_id))


@pytest.mark.broad(of=6)
@pytest.mark.parametrize("change", LIKE.values(), ids=LIKE)
def test_the_emulated_world_is_made_like_the_real_one(change):
    """What can be seen of a registry is so in the world that it is compared with: nothing differs for that reason."""
    found = found_in(change)
    assert (found.lines(), found.accepted, found.not_asked) == ([], [], {})


def found_in(change: Callable[[World], None], auth: str = "service-principal", registry: str = "myacr"):
    """Return what a live run finds in a world that was changed."""
    with Emulator() as emulator:
        emulator.change(IDENTITIES[auth], change)
        (chosen,) = choose([auth], emulator.environ)
        target = Target(Registry.parse(registry), chosen.identity, (Reference.parse("team/app"),))
        return compare(Wanted(target, emulator.machine, None), Secrets())


@pytest.mark.parametrize(
    "body",
    [
        None,
        7,
        [{"properties": []}],
        {"properties": 7, "tags": ["x"], "repositories": "x"},
        {"properties": {"networkRuleSet": "x", "roleAssignmentMode": 7}, "sku": "x", "tags": None},
        {"properties": {"privateEndpointConnections": 7}, "sku": {"name": 7}, "tags": {"x": {}}, "repositories": {}},
    ],
)
@pytest.mark.parametrize("text", ["", "team/app", f"team/app@sha256:{'0a' * 32}"])
def test_a_world_is_made_of_answers_of_any_shape(body, text):
    """Whoever answers in the registry's place: the emulator has the registry, and the comparison goes on."""
    reference = Reference.parse(text) if text else None
    image = Image((("application/json", b"{}"), ("", b"\xff")), "sha256:1") if text else None
    bodies = dict.fromkeys((asked.id for asked in REQUESTS), body)
    identity = Identity("me", "service-principal", Flow.ENTRA, "AZURE")
    seen = (reference, image, bodies, dict.fromkeys(bodies, 200), frozenset(bodies))
    made = Likeness(Registry.parse("myacr"), identity, Kind.SERVICE_PRINCIPAL, *seen).emulator()
    assert next(iter(made.world.cloud.registries)) == "myacr"
    assert not text or "team/app" in made.world.cloud.registries["myacr"].repositories


def test_a_record_that_is_not_shown_is_not_asked_for():
    """An identity that may not read the registry's record is not led to it; with its resource id, both refuse alike."""

    def change(world: World) -> None:
        held = world.cloud.assignments
        held[:] = [each for each in held if (each.principal_id, each.role) != (PRINCIPAL, EVIDENCE)]

    found = found_in(change)
    assert found.lines() == []
    assert set(found.not_asked) == {"arm-registry", "arm-registry-unknown", "arm-registry-nobody"}
    assert set(found.not_asked.values()) == {"the identity is shown no record of the registry"}
    with Emulator() as emulator:
        resource_id = emulator.world.cloud.registries["myacr"].resource_id
    found = found_in(change, registry=resource_id)
    assert (found.lines(), found.not_asked) == ([], {})


def test_nobody_can_pull_where_everybody_may():
    """Without a credential the run is about anonymous pull."""
    found = found_in(open_to_everybody, auth="anonymous")
    assert found.lines() == []
    assert set(found.not_asked.values()) == {"the identity is none of Entra's"}


@pytest.mark.thorough
def test_a_registry_that_is_not_ready_fails_the_climb_with_its_cause(served):
    """The cause is explained as the product explains it, and the exit code tells."""
    served.emulator.apply("exchange-no-role")
    result = served.run("--live-auth", "service-principal:LIVE", "--live-repository", "team/app")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    lines = printed(result)
    assert lines[0].startswith("climb: readiness: registry exchange-refused: one of exchange-no-role, ")
    said = "UNAUTHORIZED authentication required, visit https://aka.ms/acr/authorization for more information."
    assert lines[1:-1] == [
        "climb: stage exchange: registry broken 401, emulator passed 200",
        f'exchange: message: registry "{said} CorrelationId: <id>", emulator ""',
        "exchange: status: registry 401, emulator 200",
    ]
    result.stdout.fnmatch_lines(["* fix   Whoever may assign roles there*", "SKIPPED * the registry did not exchange*"])


def test_a_registry_that_is_not_reached_is_told_once():
    """Where nobody answers the climb, no further request waits for an answer, and the climb says why."""
    found = found_in(lambda world: world.network.names.pop("myacr.azurecr.io"))
    assert [line.partition(" registry ")[0] for line in found.lines()] == ["climb: readiness:", "climb: stage dns:"]
    assert found.not_asked == {asked.id: "the registry was not reached" for asked in REQUESTS}


def test_nothing_is_contacted_and_nothing_loaded_without_the_option(served):
    """Without --live the tests are skipped with the reason, whatever the environment holds."""
    served.pytester.makepyfile(
        told="def pytest_unconfigure():\n    import sys\n"
        "    print('loaded:', sorted(name for name in sys.modules if name.startswith('live.')))\n"
    )
    result = served.apart("-p", "told", "-v")
    result.assert_outcomes(skipped=2)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["SKIPPED * no real registry was named: pytest tests/live --live REGISTRY", "loaded: [[][]]"]
    )
    assert served.emulator.connections == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"live": "my_acr"}, "--live: 'my_acr' is no registry name"),
        ({"live": "myacr.azurecr.us"}, "--live: the emulator plays AzureCloud alone; myacr.azurecr.us is none"),
        ({"live": "registry.example"}, "--live: the emulator plays AzureCloud alone; registry.example is none"),
        ({"live_repository": "Team"}, "--live-repository: 'Team' is no repository reference"),
        (
            {"live_repository": "other.azurecr.io/app"},
            "--live-repository: 'other.azurecr.io/app' is on another registry",
        ),
        ({"live_auth": "default"}, "--live-auth: unknown auth method 'default'"),
        ({"live_auth": "me=admin"}, "--live-auth: unknown auth method 'me=admin'"),
        ({"live_auth": "admin:NONE"}, "--live-auth: admin needs the environment variables NONE_USERNAME"),
        ({"live_proxy": "http://"}, "--live-proxy: HTTPS_PROXY names no host and port"),
        ({"live_ca_bundle": "none.pem"}, "--live-ca-bundle: cannot read 'none.pem'"),
        ({"live_record": "."}, "--live-record: '.' is there already, and nothing is overwritten"),
    ],
)
def test_a_wrong_option_is_a_usage_error(clean_environment, options, words):
    """Each is told with its name."""
    names = ("repository", "auth", "record", "ca_bundle", "proxy")
    given = {"live": "myacr", **dict.fromkeys((f"live_{name}" for name in names), None), **options}
    config = SimpleNamespace(getoption=given.get, invocation_params=SimpleNamespace(dir=ROOT))
    with pytest.raises(pytest.UsageError) as raised:
        read(config)
    assert str(raised.value).startswith(words)


@pytest.mark.broad(of=3)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--live-repository", "team/app"), "--live-repository is for a live run: name a registry with --live"),
        (("--live", "myacr", "--live-auth", "default"), "--live-auth: unknown auth method 'default'; choose one of "),
        (("--live", "myacr", "-n", "2"), "--live runs in one process, for one round of requests: leave -n out"),
    ],
)
def test_a_usage_error_comes_before_anything_is_contacted(served, arguments, words):
    """It ends the run with the exit code of one."""
    result = served.apart(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert words in result.stderr.str()
    assert served.emulator.connections == []


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_no_more_of_the_environment_is_seen_than_a_method_reads(clean_environment, method):
    """A method sees its own variables; one that finds its credential in a place of the machine sees all but proxies."""
    every = {f"{prefix}_{name}": CANARY for prefix in ("ACR", "AZURE", "MINE") for name in ("USERNAME", "CLIENT_ID")}
    every |= {"MINE_CLIENT_SECRET": CANARY, "MINE_PASSWORD": CANARY, "https_proxy": CANARY, "NO_PROXY": CANARY}
    for name, value in every.items():
        clean_environment.setenv(name, value)
    seen = environment(f"{method.name}:MINE" if method.takes_prefix else method.name)
    if method.place is not None:
        assert {*every} - {*seen} == {"https_proxy", "NO_PROXY"}
    else:
        own = {f"MINE_{suffix}" for suffix in (*method.variables, *method.optional)}
        assert {*seen} == own & {*every}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_what_does_not_only_read_is_not_sent(method):
    """Whatever a later request of the table asks for: nothing leaves."""
    with Emulator() as emulator:
        (chosen,) = choose(["service-principal"], emulator.environ)
        visiting = Visit(emulator.machine, Secrets(), Target(Registry.parse("myacr"), chosen.identity))
        with visiting, pytest.raises(AssertionError, match="does not only read"):
            visiting.ask(Asked("writes", "tag", "{server}/v2/team/app/blobs/uploads/", method=method))
        assert emulator.connections == []


def test_the_page_shows_what_is_printed_and_every_option(served):
    """Lines on the page are printed in a test above, but for the counts; its table has the options, and no other."""
    page = (ROOT / "docs/explanation/fidelity.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    *lines, count = block.splitlines()
    assert set(lines) <= set(EXPECTED)
    numbers = [int(number) for number in re.findall(r"\d+", count)]
    assert numbers[1] == len({line.partition(":")[0] for line in lines})
    assert sum(numbers) == len(REQUESTS) + 1
    told = {option for row in re.findall(r"^\| (`--live.*?) \|", page, re.MULTILINE) for option in OPTION.findall(row)}
    helped = served.apart("--help").stdout.str()
    assert told == set(re.findall(r"^  (--live[\w-]*)=", helped, re.MULTILINE))


def test_rows_of_accepted_differences_have_a_reason_each():
    """A row says why, and is about requests that there are; none accepts what is no header."""
    names = [asked.id for asked in REQUESTS]
    for row in ACCEPTED:
        assert len(row.reason) > 30
        assert row.what.startswith("header ")
        assert [name for name in names if re.fullmatch(row.requests.replace("*", ".*"), name)]
