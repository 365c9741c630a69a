"""Wrong configuration is a usage error, exit code 4, said once and before anything is contacted."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from conftest import Inner

CLIENT = "0b6f4f0e-5a57-4d0c-9d0a-7c1b8e2f3a4d"
PRINCIPAL = {
    "AZURE_TENANT_ID": "t",
    "AZURE_CLIENT_ID": CLIENT,
    "AZURE_CLIENT_SECRET": "not-a-real-one",
}
MY = ("--acr-registry", "myacr")
HEALTHY = (*MY, "--acr-emulate", "healthy")
PASSWORDS = {"ACR_USERNAME": "puller", "ACR_PASSWORD": "not-a-real-one"}

WRONG: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    (("--acr-registry", ""), PRINCIPAL, "--acr-registry: empty value; give NAME*"),
    (("--acr-registry", "myacr,"), PRINCIPAL, "--acr-registry: empty value*"),
    ((), {"PYTEST_ACR_REGISTRY": ",", **PRINCIPAL}, "--acr-registry (from PYTEST_ACR_REGISTRY): empty value*"),
    (
        MY,
        {**PRINCIPAL, "AZURE_TENANT_ID": "my tenant!"},
        "--acr-auth*: AZURE_TENANT_ID is set to 10 characters that are no tenant*",
    ),
    (
        MY,
        {**PRINCIPAL, "AZURE_CLIENT_ID": "my app"},
        "--acr-auth*: AZURE_CLIENT_ID is set to 6 characters that are no*GUID*",
    ),
    (
        MY,
        {**PRINCIPAL, "AZURE_CLIENT_ID": PRINCIPAL["AZURE_CLIENT_SECRET"], "AZURE_CLIENT_SECRET": CLIENT},
        "--acr-auth*: AZURE_CLIENT_ID is set to * characters *GUID*",
    ),
    (
        (*MY, "--acr-subscription", "foo"),
        PRINCIPAL,
        "--acr-subscription: 'foo' is no subscription's id: *",
    ),
    ((*MY, "--acr-resource-group", "a/b"), PRINCIPAL, "--acr-resource-group: 'a/b' is no resource group's name: *"),
    (
        ("--acr-registry", "myacr.azurecr.us", "--acr-cloud", "AzureCloud"),
        PRINCIPAL,
        "--acr-cloud: myacr.azurecr.us is in AzureUSGovernment, as its suffix says, and not in AzureCloud",
    ),
    (
        ("--acr-registry", "https://myacr.azurecr.io/"),
        PRINCIPAL,
        "--acr-registry: 'https://myacr.azurecr.io/' is more than a login server: give myacr.azurecr.io alone",
    ),
    (
        ("--acr-registry", "ci:not-a-real-one@myacr.azurecr.io:443/team/app"),
        PRINCIPAL,
        "*'[*][*][*]@myacr.azurecr.io:443/team/app' is more than*; user name and*, and --acr-repository team/app",
    ),
    (
        (*MY, "--acr-repository", "ci:not-a-real-one@otheracr.azurecr.io/team/app"),
        PRINCIPAL,
        "*'[*][*][*]@otheracr.azurecr.io/team/app' is on [*][*][*]@otheracr.azurecr.io, which is not configured*",
    ),
    ((*MY, "--acr-repository", "https://myacr.azurecr.io/team/app"), PRINCIPAL, "*is an address: leave out https://"),
    (("--acr-registry", "my_acr"), PRINCIPAL, "--acr-registry: 'my_acr' is no registry name: 5 to 50 letters*"),
    (("--acr-registry", "a.example"), PRINCIPAL, "*'a.example' ends in no registry suffix (.azurecr.io, *--acr-cloud*"),
    (("--acr-registry", "http://"), PRINCIPAL, "*'http://' is more than*: give that alone, such as myacr.azurecr.io"),
    (("--acr-registry", "myacr@sha256:ab"), PRINCIPAL, "*'[*][*][*]@sha256:ab' is more than*: give that alone, *"),
    (("--acr-registry=@",), PRINCIPAL, "--acr-registry: @ is followed by no file: give @FILE"),
    (("--acr-registry=@nowhere.txt",), PRINCIPAL, "--acr-registry: cannot read 'nowhere.txt': No such file*"),
    (("--acr-registry", "@empty.txt"), PRINCIPAL, "--acr-registry: 'empty.txt' names no registry"),
    (
        ("--acr-registry=@nested.txt",),
        PRINCIPAL,
        "*'nested.txt' holds '@empty.txt': a file of registries names no other*",
    ),
    (("--acr-registry=@binary.txt",), PRINCIPAL, "--acr-registry: cannot read 'binary.txt': it is no UTF-8 text"),
    ((*MY, "--acr-auth", "servce-principal"), PRINCIPAL, "--acr-auth: *'servce-principal'; choose one of default, *"),
    ((*MY, "--acr-auth", "a=basic,a=anonymous"), PASSWORDS, "--acr-auth: two identities are called 'a'*"),
    ((*MY, "--acr-auth", "basic:lower"), PASSWORDS, "--acr-auth: what stands behind basic: is no prefix*"),
    (
        (*MY, "--acr-auth", "service-principal"),
        {},
        "--acr-auth: *AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET*",
    ),
    (MY, {}, "--acr-auth (default): no credential found. One of these is enough, or --acr-auth anonymous *"),
    (("--acr-registry", "myacr,otheracr"), PASSWORDS, "*ACR_USERNAME and ACR_PASSWORD serve exactly one registry*"),
    ((*MY, "--acr-repository", "Team/App"), PRINCIPAL, "--acr-repository: 'Team/App' is no repository reference*"),
    (
        (*MY, "--acr-repository", "otheracr.azurecr.io/team/app"),
        PRINCIPAL,
        "--acr-repository: *is on otheracr.azurecr.io, which is not configured; configured: myacr.azurecr.io",
    ),
    ((*MY, "--acr-must", "push"), PRINCIPAL, "--acr-must: actions are held on repositories; *--acr-repository"),
    ((*MY, "--acr-must-not", "push"), PRINCIPAL, "--acr-must-not: actions are held on repositories; *"),
    (
        (*MY, "--acr-repository", "a", "--acr-must", "pul"),
        PRINCIPAL,
        "--acr-must: unknown action 'pul'; choose from pull, push, delete, *",
    ),
    (
        (*MY, "--acr-repository", "a", "--acr-must", "push,pull", "--acr-must-not", "push"),
        PRINCIPAL,
        "--acr-must and --acr-must-not: push cannot be both",
    ),
    (MY, {"HTTPS_PROXY": "http://proxy.example:abc", **PRINCIPAL}, "HTTPS_PROXY is no address of a proxy; set it to *"),
    (MY, {"all_proxy": "http://[::1", **PRINCIPAL}, "all_proxy is no address of a proxy; set it to http://HOST:PORT*"),
    ((*MY, "--acr-timeout", "soon"), PRINCIPAL, "--acr-timeout: 'soon' is no positive number"),
    ((*MY, "--acr-timeout", "nan"), PRINCIPAL, "--acr-timeout: 'nan' is no positive number"),
    ((*MY, "--acr-timeout", "1e99"), PRINCIPAL, "--acr-timeout: '1e99' is more than 1000000000"),
    ((*MY, "--acr-expiry-fail", "1e12"), PRINCIPAL, "--acr-expiry-fail: '1e12' is more than 1000000000"),
    ((*MY, "--acr-jobs", "0"), PRINCIPAL, "--acr-jobs: '0' is no positive number"),
    ((*MY, "--acr-jobs", "1.5"), PRINCIPAL, "--acr-jobs: '1.5' is no whole number"),
    (("--acr-checks", "some"), {}, "--acr-checks: unknown value 'some'; choose one of auto, all, only, none"),
    (("--acr-on-missing", "x"), {}, "--acr-on-missing: unknown value 'x'; choose one of skip, error"),
    (MY, {"PYTEST_ACR_CHECKS": "x"}, "--acr-checks (from PYTEST_ACR_CHECKS): unknown value 'x'; *"),
    ((*MY, "--acr-cloud", "AzureMars"), PRINCIPAL, "--acr-cloud: *'AzureMars'; choose one of AzureCloud, *"),
    ((*MY, "--acr-ca-bundle", "nowhere.pem"), PRINCIPAL, "--acr-ca-bundle: cannot use 'nowhere.pem': No such file*"),
    (
        (*MY, "--acr-emulate", "healthy", "--acr-ca-bundle=nowhere.pem"),
        PRINCIPAL,
        "--acr-ca-bundle: cannot use 'nowhere.pem': No such file*",
    ),
    ((*MY, "--acr-ca-bundle", "empty.txt"), PRINCIPAL, "--acr-ca-bundle: cannot use 'empty.txt': it holds no cert*"),
    (
        MY,
        {**PRINCIPAL, "AZURE_AUTHORITY_HOST": "https://login.chinacloudapi.cn"},
        "AZURE_AUTHORITY_HOST is 'https://login.chinacloudapi.cn', but myacr.azurecr.io is in AzureCloud*",
    ),
    (("--acr-emulate", "healthy"), {}, "--acr-emulate needs --acr-registry; whichever you name, the emulator has it"),
    (
        (*MY, "--acr-emulate", "helthy"),
        {},
        "--acr-emulate: 'helthy' is no scenario; close to it: healthy. --acr-emulate list*",
    ),
    (
        ("--acr-registry", "myacr.azurecr.cn", "--acr-emulate", "healthy"),
        {},
        "--acr-registry: the emulator plays AzureCloud alone, where login servers end in .azurecr.io; *.cn does not",
    ),
    (
        (*MY, "--acr-emulate", "anonymous-pull-disabled", "--acr-auth", "service-principal"),
        {},
        "--acr-auth hides what --acr-emulate shows: *anonymous*",
    ),
    (
        (*MY, "--acr-emulate", "permission-excess", "--acr-must-not", "delete"),
        {},
        "--acr-must-not hides what --acr-emulate shows: add push*",
    ),
    (
        (*MY, "--acr-emulate", "image-not-found", "--acr-repository", "team/multi"),
        {},
        "--acr-repository hides what --acr-emulate shows: add team/app:latest*",
    ),
    (
        (*MY, "--acr-emulate", "anonymous-pull-disabled,admin-user-disabled"),
        {},
        "--acr-emulate: these need different identities (anonymous, admin); *",
    ),
    (
        (*HEALTHY, "acr::myacr.azurecr.io::service-principal::dsn"),
        {},
        "there is no built-in check *::dsn; close to it: *",
    ),
    (
        (*HEALTHY, "--acr-checks", "none", "acr::myacr.azurecr.io::service-principal::dns"),
        {},
        "--acr-checks none leaves out the built-in acr::*",
    ),
    (
        ("--acr-explain", "entra-sp-secret-expird"),
        {},
        "--acr-explain: *'entra-sp-secret-expird'*entra-sp-secret-expired*",
    ),
]


@pytest.fixture
def files(inner: Inner) -> Path:
    """Lay out the files that some wrong values name."""
    (inner.pytester.path / "nested.txt").write_text("@empty.txt\n")
    (inner.pytester.path / "empty.txt").write_text("# nothing\n\n")
    (inner.pytester.path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    inner.pytester.makepyfile("def test_own(): pass")
    return inner.pytester.path


@pytest.mark.parametrize(("arguments", "variables", "words"), WRONG, ids=[case[2][:50] for case in WRONG])
def test_wrong_configuration(
    inner: Inner,
    files: Path,
    clean_environment: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    variables: dict[str, str],
    words: str,
) -> None:
    """The error names option or variable, value and choices; no test runs and no traceback shows."""
    for name, value in variables.items():
        clean_environment.setenv(name, value)
    result = inner.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {words}"])
    assert "Traceback" not in result.stderr.str()
    assert "passed" not in result.stdout.str()
    assert "not-a-real-one" not in result.stderr.str()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders")
@pytest.mark.parametrize(
    ("option", "value"), [("--acr-registry", "@pipe"), ("--acr-ca-bundle", "pipe")], ids=["registries", "authorities"]
)
def test_a_pipe_in_place_of_a_file(
    inner: Inner, files: Path, clean_environment: pytest.MonkeyPatch, option: str, value: str
) -> None:
    """Nobody waits for who would write to it."""
    os.mkfifo(files / "pipe")
    for name, content in PRINCIPAL.items():
        clean_environment.setenv(name, content)
    result = inner.run("--acr-registry", "myacr", f"{option}={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {option}: *it is no regular file"])


@pytest.mark.parametrize("number", [0, 8, 12, 32])
def test_distributed_the_same(inner: Inner, files: Path, number: int, clean_environment: pytest.MonkeyPatch) -> None:
    """With ``-n 2`` the error is said once, by the main process, with the same exit code."""
    arguments, variables, words = WRONG[number]
    for name, value in variables.items():
        clean_environment.setenv(name, value)
    result = inner.run("-n", "2", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {words}"])
    assert result.stderr.str().count("ERROR") == 1


def test_help_is_given_in_spite_of_it(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """A registry whose credentials are missing does not keep anyone from reading the help."""
    clean_environment.setenv("PYTEST_ACR_REGISTRY", "myacr")
    result = inner.run("--help")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*--acr-registry*NAME*"])


def test_a_wrong_value_in_the_ini_file_names_the_file(inner: Inner) -> None:
    """An error about an ini value says which entry in which file."""
    inner.pytester.makeini("[pytest]\nacr_checks = sometimes\n")
    result = inner.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --acr-checks (from acr_checks in tox.ini): unknown value 'sometimes'; *"])


def test_the_emulator_may_be_missing(inner: Inner) -> None:
    """Without the extra ``--acr-emulate`` says what to install."""
    inner.pytester.makepyfile(
        run="""
        import sys
        import pytest

        sys.modules["uvicorn"] = None
        raise SystemExit(pytest.main(["--acr-registry", "myacr", "--acr-emulate", "healthy"]))
        """
    )
    result = inner.pytester.runpython("run.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --acr-emulate: the emulator needs uvicorn; *pip install 'pytest-acrauth*emulator*'"]
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--acr-emulate", "image-not-found", "--acr-repository", "myacr.azurecr.io/team/app"),
        ("--acr-emulate", "permission-excess", "--acr-must-not", "delete,push"),
        ("--acr-emulate", "basic-username-unknown", "--acr-auth", "ci=scope-map-token"),
    ],
)
def test_options_that_leave_a_scenario_visible(inner: Inner, arguments: tuple[str, ...]) -> None:
    """An option that differs from the scenario's without hiding it is taken, and the scenario shows."""
    assert inner.run(*MY, *arguments).ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    ("scenario", "method", "shown_by"),
    [
        ("entra-sp-secret-expired", "anonymous", "service-principal, basic"),
        ("entra-sp-secret-expired", "managed-identity", "service-principal, basic"),
        # Another method of the same flow.
        ("expiry-sp-certificate", "azure-cli", "service-principal-certificate"),
        ("exchange-no-role", "scope-map-token", "service-principal, *azure-cli, basic"),
        ("authority-inspected", "managed-identity", "service-principal, *azure-pipelines"),
    ],
)
def test_an_identity_hides_what_happens_to_another(inner: Inner, scenario: str, method: str, shown_by: str) -> None:
    """A scenario that an identity cannot show is refused for it, not green."""
    result = inner.emulate(scenario, "--acr-auth", method)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = "*--acr-auth hides what --acr-emulate shows: leave it out, or choose one by which"
    result.stderr.fnmatch_lines([f"{told} {scenario} shows: {shown_by}"])


def test_a_principals_secret_shows_through_basic_login_too(inner: Inner) -> None:
    """An expired secret is the same cause whether Entra or the registry is asked to take it."""
    result = inner.emulate("entra-sp-secret-expired", "--acr-auth", "sp=basic:ACR_SP")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["entra-sp-secret-expired: *"])


@pytest.mark.parametrize("value", ["nobody", "basic", "service-principal:lower", "off:ACR_X"])
def test_evidence_that_cannot_be_asked(inner: Inner, value: str) -> None:
    """Who may be asked is auto, off or an Entra method; anything else is a usage error that names the choices."""
    result = inner.emulate("healthy", "--acr-evidence", value)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--acr-evidence: *"])


def test_a_variable_that_is_no_options_is_told(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """A run would be green without what a misspelt one asks for. Likewise pytest tells of its configuration file's."""
    clean_environment.setenv("PYTEST_ACR_REGISTY", "myacr")
    clean_environment.setenv("PYTEST_ACR_ZZZ", "")
    inner.pytester.makepyfile("def test_it(): pass")
    result = inner.run("-n", "2")
    result.assert_outcomes(passed=1, warnings=2)
    result.stdout.fnmatch_lines(
        [
            "*PytestConfigWarning: unknown environment variable PYTEST_ACR_REGISTY; did you mean PYTEST_ACR_REGISTRY?",
            "*PytestConfigWarning: unknown environment variable PYTEST_ACR_ZZZ",
        ]
    )
    strict = inner.run("-W", "error")
    assert strict.ret == pytest.ExitCode.USAGE_ERROR
    strict.stderr.fnmatch_lines(["ERROR: unknown environment variable PYTEST_ACR_REGISTY; did you mean *"])
