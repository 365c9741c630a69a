"""Runs by a readiness file: what it has checked, what wins over it, and what is printed."""

from __future__ import annotations

import tomllib

import pytest
from conftest import Inner, outcomes

from pytest_acrauth.plugin.asked.readiness.writing import written

FILE = """\
[run]
timeout = 25

[identity.puller]
method = "service-principal"

[identity.outsider]
method = "anonymous"

[registry.shop]
name = "${ACR_SHOP}"

[[registry.shop.access]]
identities = ["puller"]
repositories = ["team/app"]
must_not = ["push", "delete"]

[[registry.shop.access]]
identities = ["puller"]
repositories = ["team/multi"]
must = ["pull", "metadata_read"]

[[registry.shop.refusal]]
identities = ["outsider"]
expect = ["identity-kept-out"]

[[registry.shop.refusal]]
identities = ["puller"]
expect = ["push-denied"]
repositories = ["team/app", "team/multi"]

[registry.otheracr]
access = [{ identities = ["puller"] }]
"""
EMULATED = ("--acr-config", "acr.toml", "--acr-emulate", "healthy")
REFUSED = [
    "acr::myacr.azurecr.io::outsider::refused::identity-kept-out",
    "acr::myacr.azurecr.io::puller::refused::push-denied::team/app",
    "acr::myacr.azurecr.io::puller::refused::push-denied::team/multi",
]


@pytest.fixture
def declared(inner: Inner, clean_environment: pytest.MonkeyPatch) -> Inner:
    """Deliver inner runs beside a readiness file."""
    (inner.pytester.path / "acr.toml").write_text(FILE, encoding="utf-8")
    clean_environment.setenv("ACR_SHOP", "myacr")
    return inner


def header(result: pytest.RunResult) -> list[str]:
    """Return what the header says."""
    return [line.removeprefix("acr: ") for line in result.outlines if line.startswith("acr: ")]


def change(inner: Inner, old: str, new: str) -> None:
    """Change a part of the file."""
    assert old in FILE
    (inner.pytester.path / "acr.toml").write_text(FILE.replace(old, new), encoding="utf-8")


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_file_needs_no_python(declared: Inner, options: tuple[str, ...]) -> None:
    """Who must get in gets in, who must not does not, and all of it is told."""
    result = declared.run("-v", *EMULATED, *options)
    result.assert_outcomes(passed=22)
    found = outcomes(result)
    assert {each: found.get(each) for each in REFUSED} == dict.fromkeys(REFUSED, "PASSED")
    assert "acr::myacr.azurecr.io::puller::data::team/multi" in found
    assert not any("outsider::dns" in each for each in found)
    if not options:
        assert list(found)[-3:] == REFUSED
    assert header(result) == [
        "registry myacr.azurecr.io, otheracr.azurecr.io (from acr.toml)",
        (
            "identity puller = service-principal from AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET"
            " (from acr.toml)"
        ),
        "identity outsider = anonymous at myacr.azurecr.io (from acr.toml)",
        "cloud AzureCloud (from the login server's name)",
        "config acr.toml (from the command line)",
        (
            "repository team/app, team/multi (from acr.toml); must pull,metadata_read (from acr.toml);"
            " must not push,delete (from acr.toml)"
        ),
        "evidence auto (default)",
        "timeout 25 (from run.timeout in acr.toml, line 2)",
        "emulator healthy (from the command line)",
    ]
    end = result.outlines[
        result.outlines.index(next(each for each in result.outlines if "= Azure Container" in each)) :
    ]
    assert "myacr.azurecr.io outsider: refused as expected (anonymous-pull-disabled)" in end
    assert "myacr.azurecr.io puller: refused as expected (scope-not-granted, probably: not proven)" not in end


def test_a_refusal_that_does_not_happen_fails(declared: Inner) -> None:
    """With the cause that says so, in a line of the end section."""
    result = declared.run("--acr-config", "acr.toml", "--acr-emulate", "permission-excess")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "myacr.azurecr.io puller: more-open-than-expected: puller has push on team/app in myacr",
            "refused as expected: 1 of 3",
            f"FAILED {REFUSED[1]} - more-open-than-expected: *",
        ]
    )


def test_each_opening_is_explained_where_it_is(declared: Inner) -> None:
    """One that is found at the same registry, by the same identity even, is no explanation of another one."""
    declared.pytester.makeconftest(
        """
        import pytest
        from pytest_acrauth.emulator.scenarios.changes import with_role
        from pytest_acrauth.plugin.commands.emulation import EMULATOR

        @pytest.hookimpl(trylast=True)
        def pytest_configure(config):
            def opened(world):
                with_role("AcrPush")(world)
                for each in world.cloud.registries.values():
                    each.anonymous_pull = True
            config.stash[EMULATOR].change(opened)
        """
    )
    result = declared.run(*EMULATED, "-k", "refused")
    result.assert_outcomes(failed=3)
    printed = result.stdout.str()
    assert "explained at" not in printed
    for found in ("let this identity in", "granted push on team/app", "granted push on team/multi"):
        assert found in " ".join(printed.split())


def test_one_refusal_is_selected_by_its_id(declared: Inner) -> None:
    """Or by any part of the tree that it is in; and nothing else is climbed."""
    declared.run(*EMULATED, REFUSED[0]).assert_outcomes(passed=1)
    declared.run(*EMULATED, "acr::myacr.azurecr.io::puller::refused").assert_outcomes(passed=2)
    wrong = declared.run(*EMULATED, "acr::myacr.azurecr.io::outsider::refused::push")
    wrong.stderr.fnmatch_lines([f"ERROR: there is no built-in check *; close to it: *{REFUSED[0]}*"])


@pytest.mark.parametrize("name", ["shop", "myacr", "myacr.azurecr.io", "https://myacr.azurecr.io", "other"])
def test_the_command_line_selects(declared: Inner, name: str) -> None:
    """By the table's name or the registry's own; what is not in the file is a usage error."""
    result = declared.run(*EMULATED, "--acr-registry", name)
    if name in {"other", "https://myacr.azurecr.io"}:
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        meant = "did you mean otheracr?" if name == "other" else "it has shop, otheracr"
        result.stderr.fnmatch_lines([f"ERROR: --acr-registry: '{name}' is not in acr.toml; {meant}"])
        return
    result.assert_outcomes(passed=15)
    assert header(result)[0] == "registry myacr.azurecr.io (of acr.toml, from the command line)"


def test_the_file_wins_over_environment_and_ini(declared: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """And a flag wins over the file."""
    clean_environment.setenv("PYTEST_ACR_REGISTRY", "thirdacr")
    clean_environment.setenv("PYTEST_ACR_TIMEOUT", "26")
    declared.pytester.makeini("[pytest]\nacr_must = push\nacr_repository = team/other\nacr_timeout = 27\n")
    result = declared.run(*EMULATED)
    result.assert_outcomes(passed=22)
    assert "timeout 25 (from run.timeout in acr.toml, line 2)" in header(result)
    result = declared.run(*EMULATED, "--acr-timeout", "28", "--acr-repository", "team/multi", "--acr-must-not", "push")
    assert "timeout 28 (from the command line)" in header(result)
    found = outcomes(declared.run("-v", *EMULATED, "--acr-repository", "team/multi", "--acr-must-not", "delete"))
    assert "acr::otheracr.azurecr.io::puller::data::team/multi" in found
    assert not any(each.endswith("::data::team/app") for each in found)


def test_the_command_line_says_otherwise_who_signs_in(declared: Inner) -> None:
    """For an identity of the file, by its name; another one is none of the file's."""
    result = declared.run(*EMULATED, "--acr-auth", "outsider=service-principal")
    result.stdout.fnmatch_lines(["myacr.azurecr.io outsider: more-open-than-expected: *"])
    wrong = declared.run(*EMULATED, "--acr-auth", "anonymous")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(
        ["ERROR: --acr-auth: 'anonymous' is none of the identities of acr.toml; write NAME=METHOD for one of puller, *"]
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'method = "anonymous"',
            'method = "basic"',
            (
                "acr.toml, line 7: identity.outsider: basic needs the environment variables ACR_USERNAME, "
                "ACR_PASSWORD; "
                "set and export them"
            ),
        ),
        ('"${ACR_SHOP}"', '"my_acr"', "acr.toml, line 11: registry.shop.name: 'my_acr' is no registry name: *"),
        ('"${ACR_SHOP}"', '"OTHERACR"', "acr.toml, line 32: registry.otheracr: otheracr.azurecr.io stands twice"),
        ("timeout = 25", "jobs = 0.5", "--acr-jobs (from run.jobs in acr.toml, line 2): '0.5' is no whole number"),
        (
            '"identity-kept-out"',
            '"identity-kept-ou"',
            (
                "acr.toml, line 23: registry.shop.refusal[[]1]: 'identity-kept-ou' is no cause, family *: "
                "did you mean identity-kept-out*"
            ),
        ),
        (
            'expect = ["push-denied"]\nrepositories = ["team/app", "team/multi"]',
            'expect = ["push-denied"]',
            "*passed*",
        ),
        (
            'identities = ["outsider"]\nexpect = ["identity-kept-out"]',
            'identities = ["outsider"]\nexpect = ["push-denied"]',
            "acr.toml, line 23: registry.shop.refusal[[]1]: push-denied needs a repository: name it with repositories",
        ),
        (
            'identities = ["outsider"]\nexpect = ["identity-kept-out"]',
            'identities = ["outsider"]\nexpect = ["image-not-found"]',
            (
                "acr.toml, line 23: registry.shop.refusal[[]1]: image-not-found shows where an image is read, and"
                " nothing reads one here: *"
            ),
        ),
        (
            'identities = ["outsider"]\nexpect = ["identity-kept-out"]',
            'expect = ["network-shut-out", "identity-kept-out"]',
            (
                "acr.toml, line 23: registry.shop.refusal[[]1]: puller must get in as well, by an access of this"
                " registry; say with identities who is refused"
            ),
        ),
    ],
)
def test_what_does_not_hold_together(declared: Inner, old: str, new: str, told: str) -> None:
    """With its place in the file, before anything is contacted."""
    change(declared, old, new)
    result = declared.run(*EMULATED)
    if told == "*passed*":
        assert result.ret == pytest.ExitCode.OK
        return
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {told}"])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none.toml", "cannot read 'none.toml': No such file or directory"),
        ("latin.toml", "cannot read 'latin.toml': it is no UTF-8 text"),
        (".", "cannot read '.': *"),
    ],
)
def test_a_file_that_cannot_be_read(declared: Inner, name: str, told: str) -> None:
    """Is a usage error that says which and why."""
    (declared.pytester.path / "latin.toml").write_bytes(b"# caf\xe9\n")
    result = declared.run(f"--acr-config={name}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --acr-config: {told}"])


def test_all_mistakes_of_a_file_are_printed(declared: Inner) -> None:
    """Each in a line, and none with the value of a key that would hold a secret."""
    change(declared, "timeout = 25", 'timeout = "x"\npassword = "canary"')
    result = declared.run(*EMULATED)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: acr.toml, line 2: run.timeout: a number above 0 is expected",
            "ERROR: acr.toml, line 3: run.password: no secret is *",
        ]
    )
    assert "canary" not in result.stdout.str() + result.stderr.str()


MARKED = """
import pytest

@pytest.mark.acr_ready
def test_whoever_must_get_in(acr):
    assert acr.target.identity.name == "puller"

@pytest.mark.acr_expect("identity-kept-out", registry="myacr", identity="outsider")
def test_whoever_must_not():
    pass

def test_another(acr):
    acr.of("myacr", identity="outsider").expect("identity-kept-out")
"""


def test_tests_of_one_s_own_stand_beside_a_file(declared: Inner) -> None:
    """The fixture delivers who must get in; who must be refused is meant by name."""
    declared.pytester.makepyfile(MARKED)
    result = declared.run(*EMULATED, "--acr-checks", "none")
    result.assert_outcomes(passed=5)


def test_a_file_in_the_configuration_is_for_tests_of_one_s_own(declared: Inner) -> None:
    """As with a registry there: built-in checks run where somebody asks for them."""
    declared.pytester.makeini("[pytest]\nacr_config = acr.toml\n")
    declared.pytester.makepyfile(MARKED)
    declared.run("--acr-emulate", "healthy", "--acr-checks", "auto").assert_outcomes(passed=27)
    declared.run("--acr-emulate", "healthy", "--acr-checks", "none").assert_outcomes(passed=5)


def test_a_first_file_is_written_and_read_back(declared: Inner) -> None:
    """From what is ready; what is not is left out and named. It is never written over."""
    change(declared, '"metadata_read"', '"metadata_read", "push"')
    result = declared.run(*EMULATED, "--acr-config-write=first.toml", "--acr-expiry-warn", "3", "--acr-checks", "all")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["acr: first.toml written, with 1 of 2 that were ready"])
    first = declared.pytester.path / "first.toml"
    lines = first.read_text("utf-8").splitlines()
    assert lines[0].startswith("# What was ready on ")
    assert lines[1:] == [
        "",
        "[run]",
        "timeout = 25",
        "",
        "[identity.puller]",
        'method = "service-principal"',
        "expiry = { warn = 3 }",
        "",
        "[registry.otheracr]",
        'name = "otheracr.azurecr.io"',
        "",
        "[[registry.otheracr.access]]",
        'identities = ["puller"]',
        "",
        "# Left out, as they were not ready:",
        "# myacr.azurecr.io as puller: scope-not-granted",
    ]
    again = declared.run(*EMULATED, "--acr-config-write=first.toml")
    assert again.ret == pytest.ExitCode.USAGE_ERROR
    again.stderr.fnmatch_lines(["ERROR: --acr-config-write: 'first.toml' is there already, and is never written over"])
    assert first.read_text("utf-8").splitlines() == lines
    declared.run("--acr-config", "first.toml", "--acr-emulate", "healthy").assert_outcomes(passed=8)


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_first_file_has_rights_and_names_of_its_own(declared: Inner, options: tuple[str, ...]) -> None:
    """All that was proven, each access by its rights."""
    result = declared.run(*EMULATED, "--acr-config-write=first.toml", *options)
    result.assert_outcomes(passed=22)
    text = (declared.pytester.path / "first.toml").read_text("utf-8")
    shop = (
        '[[registry.myacr.access]]\nidentities = ["puller"]\nrepositories = ["team/app"]\nmust = ["pull"]\n'
        'must_not = ["push", "delete"]\n\n'
        '[[registry.myacr.access]]\nidentities = ["puller"]\nrepositories = ["team/multi"]\n'
        'must = ["pull", "metadata_read"]\n'
    )
    assert shop in text
    declared.run("--acr-config", "first.toml", "--acr-emulate", "healthy").assert_outcomes(passed=19)


def test_a_place_that_cannot_be_written_to_is_told_first(declared: Inner) -> None:
    """Before anything is contacted."""
    result = declared.run(*EMULATED, "--acr-config-write=acr.toml/first.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --acr-config-write: 'acr.toml/first.toml' cannot be written: *"])


def test_no_half_of_a_first_file_stays(declared: Inner) -> None:
    """On a disk that is full, for one: it would keep the next run from writing it."""
    declared.pytester.makeconftest(
        """
        import errno
        import pathlib

        class Full(type(pathlib.Path())):
            def open(self, *args, **named):
                file = super().open(*args, **named)
                file.flush = self.full
                return file

            def full(self):
                raise OSError(errno.ENOSPC, "No space left on device")

        def pytest_sessionstart(session):
            plugin = session.config.pluginmanager.get_plugin("acrauth-configwriter")
            plugin._path = Full(plugin._path)
        """
    )
    result = declared.run(*EMULATED, "--acr-config-write=first.toml")
    result.stdout.fnmatch_lines(["acr: first.toml could not be written: No space left on device"])
    assert not (declared.pytester.path / "first.toml").exists()


@pytest.mark.parametrize("text", ["\U0001f600", "\x7f", "\x85", "\u2028", "\x00\n\t", 'é"\\', "half \ud800"])
def test_any_text_is_read_back(text: str) -> None:
    """A path, for one, has whatever characters somebody gave it; half of one stands for none."""
    held = written([], [], {"ca_bundle": (text,)}, {}, 0.0)
    assert tomllib.loads(held.encode().decode())["run"]["ca_bundle"] == text.replace("\ud800", "\ufffd")


def test_a_file_as_windows_writes_it_is_read(declared: Inner) -> None:
    """With a mark at its beginning, and both characters at the ends of lines."""
    path = declared.pytester.path / "acr.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    declared.run(*EMULATED).assert_outcomes(passed=22)


def test_folders_are_made_for_it(declared: Inner) -> None:
    """As for a report."""
    declared.run(*EMULATED, "--acr-config-write=new/folder/first.toml").assert_outcomes(passed=22)
    assert (declared.pytester.path / "new/folder/first.toml").exists()


def test_nothing_ready_is_nothing_to_write(declared: Inner) -> None:
    """And that is said."""
    result = declared.run(
        "--acr-config", "acr.toml", "--acr-emulate", "entra-sp-secret-expired", "--acr-config-write=first.toml"
    )
    result.stdout.fnmatch_lines(["acr: nothing was found ready, so first.toml is not written"])
    assert not (declared.pytester.path / "first.toml").exists()


@pytest.mark.parametrize("where", ["flags", "file"])
def test_limits_that_tell_of_nothing_are_refused(declared: Inner, where: str) -> None:
    """Whoever set them: both would be for nothing."""
    change(declared, 'method = "service-principal"', 'method = "service-principal"\nexpiry = { warn = 30 }')
    own = ("--acr-registry", "myacr", "--acr-emulate", "healthy", "--acr-expiry-warn", "7")
    result = declared.run(*(EMULATED if where == "file" else own), "--acr-expiry-fail", "30")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --acr-expiry-warn* and --acr-expiry-fail: nothing is told of that does not *"])


def test_a_scenario_is_seen_through_a_file(declared: Inner) -> None:
    """What a scenario needs to be seen stands before the file, as a flag does."""
    result = declared.run("--acr-config", "acr.toml", "--acr-emulate", "expiry-sp-secret")
    result.stdout.fnmatch_lines(["FAILED acr::expiry::puller::client-secret - expiry-sp-secret: *"])


@pytest.mark.parametrize("limits", ["{ fail = 3 }", "{ warn = 5, fail = 3 }", "{ warn = 5 }"])
def test_a_scenario_leaves_the_limit_of_the_file(declared: Inner, limits: str) -> None:
    """A secret that ends later than the file's own limit passes: what a scenario brings along is no flag."""
    change(declared, 'method = "service-principal"', f'method = "service-principal"\nexpiry = {limits}')
    result = declared.run("--acr-config", "acr.toml", "--acr-emulate", "expiry-sp-secret", "-v")
    result.stdout.fnmatch_lines(["acr::expiry::puller::client-secret PASSED*"])


def test_limits_may_be_parts_of_days(declared: Inner) -> None:
    """As the guide says."""
    result = declared.run(*EMULATED, "--acr-expiry-warn", "0.5")
    assert result.ret == pytest.ExitCode.OK
    assert "told of what ends within 0.5 days (from the command line)" in header(result)
