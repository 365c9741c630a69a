"""``acr_permissions`` and ``acr_expect``: rights exactly as they should be, and refusals that must happen."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from conftest import Inner

from pytest_acrauth.catalogue.tables import MODES, family_of
from pytest_acrauth.diagnosis.expected import REFUSALS
from pytest_acrauth.plugin.asked import refusals
from pytest_acrauth.plugin.asked.refusals import SETTINGS, Expectation

OPEN = "more-open-than-expected: "
NO_CHECKS = ("--acr-checks", "none")
MARKED = """
    import pytest

    @pytest.fixture
    def costly():
        print("set up")

    @pytest.mark.{mark}
    def test_marked(costly):
        pass
"""


def marked(inner: Inner, mark: str, scenario: str, *args: str) -> pytest.RunResult:
    """Run one marked test in a scenario's world."""
    inner.pytester.makepyfile(MARKED.format(mark=mark))
    return inner.emulate(scenario, *NO_CHECKS, *args)


def summary(result: pytest.RunResult) -> str:
    """Return what the short summary says of the one test."""
    (line,) = [line for line in result.outlines if line.startswith("FAILED ")]
    return line.partition(" - ")[2]


@pytest.mark.parametrize(
    ("must", "must_not"),
    [("pull", "push,delete"), ("pull,metadata_read", ()), ((), "push"), (["pull"], ["push", "delete"])],
)
def test_rights_as_they_should_be(inner: Inner, must: object, must_not: object) -> None:
    """One request asks for all, and the token that is issued decides."""
    mark = f"acr_permissions('team/app', must={must!r}, must_not={must_not!r})"
    marked(inner, mark, "healthy").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("mark", "scenario", "words"),
    [
        ("acr_permissions('team/app', must='pull,push')", "healthy", "scope-not-granted: "),
        ("acr_permissions('team/app', must='pull', must_not='push')", "permission-excess", "permission-excess: "),
        ("acr_permissions('team/app', must='push', must_not='pull')", "healthy", "scope-not-granted: "),
        ("acr_permissions('team/app', must='pull')", "abac-condition-excludes-repo", "abac-condition-excludes-repo: "),
        ("acr_permissions('team/app', must='pull')", "exchange-no-role", "exchange-no-role: "),
        ("acr_permissions('team/app', must='pull')", "registry-tcp-blocked", "registry-tcp-blocked: "),
        ("acr_permissions('team/app', must_not='push')", "entra-sp-secret-wrong", "entra-sp-secret-wrong: "),
    ],
)
def test_other_rights(inner: Inner, mark: str, scenario: str, words: str) -> None:
    """Too little names what explains it, too much what it is, and a registry out of reach why."""
    result = marked(inner, mark, scenario)
    result.assert_outcomes(failed=1)
    assert summary(result).startswith(words)
    assert "set up" not in result.outlines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "acr_permissions(): it takes a repository, and must=…, must_not=…, registry=… and identity=… by name"),
        ("'team/app'", "acr_permissions: it takes must=… or must_not=…, or both"),
        ("'team/app', 'pull'", "acr_permissions('team/app', 'pull'): it takes a repository, and must=…"),
        ("'Team/App', must='pull'", "acr_permissions: 'Team/App' is no repository reference"),
        ("'team/app', must='pul'", "acr_permissions: must='pul': unknown action 'pul'; choose from pull, push"),
        ("'team/app', must='pull', must_not=['pull']", "acr_permissions: pull stands in must and in must_not"),
        ("'team/app', must=7", "acr_permissions: must=7 are no actions"),
        ("7, must='pull'", "acr_permissions: repository=7 is no text"),
    ],
)
def test_rights_that_cannot_be_meant(inner: Inner, arguments: str, words: str) -> None:
    """A marker's mistake fails its test before the fixtures, and names the value and the choices."""
    result = marked(inner, f"acr_permissions({arguments})", "healthy")
    result.assert_outcomes(failed=1)
    assert summary(result).startswith(words)
    assert "set up" not in result.outlines


@pytest.mark.broad(of=3)
@pytest.mark.parametrize(
    ("mark", "scenario", "options"),
    [
        ("acr_expect('firewall-ip-denied')", "firewall-ip-denied", ()),
        ("acr_expect('firewall')", "firewall-ip-denied", ()),
        ("acr_expect('network-shut-out')", "firewall-ip-denied", ()),
        ("acr_expect('network-shut-out')", "firewall-public-access-disabled", ()),
        ("acr_expect('identity-kept-out')", "exchange-no-role", ()),
        ("acr_expect('identity-kept-out', 'network-shut-out')", "exchange-no-role", ()),
        ("acr_expect('push-denied', repository='team/app')", "healthy", ()),
        ("acr_expect('push-denied')", "healthy", ("--acr-repository", "team/app")),
        ("acr_expect('abac-condition-excludes-repo', repository='team/app')", "abac-condition-excludes-repo", ()),
        ("acr_expect('admin-user-off')", "admin-user-disabled", ()),
        ("acr_expect('anonymous-pull-off')", "healthy", ()),
        ("acr_expect('registry-tcp-blocked')", "registry-tcp-blocked", ()),
        ("acr_expect('role-propagation-delay')", "role-propagation-delay", ()),
    ],
)
def test_a_refusal_that_is_expected(inner: Inner, mark: str, scenario: str, options: tuple[str, ...]) -> None:
    """The test runs, and the item says what was met."""
    result = marked(inner, mark, scenario, "-rP", *options)
    if result.ret != pytest.ExitCode.USAGE_ERROR:
        result.assert_outcomes(passed=1)
        assert any("expected" in line or "read from" in line for line in result.outlines)
        return
    pytest.fail(result.stderr.str())


@pytest.mark.broad(of=4)
@pytest.mark.parametrize(
    ("mark", "scenario", "words"),
    [
        ("acr_expect('network-shut-out')", "healthy", f"{OPEN}service-principal gets into myacr"),
        (
            "acr_expect('push-denied', repository='team/app')",
            "permission-excess",
            f"{OPEN}service-principal has push on team/app in myacr",
        ),
        ("acr_expect('anonymous-pull-off')", "anonymous-pull", f"{OPEN}anonymous pull from myacr is allowed"),
        ("acr_expect('admin-user-off')", "healthy", f"{OPEN}the admin user of myacr is enabled"),
        ("acr_expect('network-shut-out')", "exchange-no-role", "exchange-no-role: "),
        ("acr_expect('identity-kept-out')", "firewall-ip-denied", "firewall-ip-denied: "),
        ("acr_expect('network-shut-out')", "registry-tcp-blocked", "registry-tcp-blocked: "),
        ("acr_expect('firewall')", "firewall-rule-propagating", "firewall-rule-propagating: "),
        ("acr_expect('identity-kept-out')", "entra-sp-secret-expired", "entra-sp-secret-expired: "),
        ("acr_expect('identity-kept-out')", "role-propagation-delay", "role-propagation-delay: "),
        ("acr_expect('push-denied', repository='team/app')", "registry-tcp-blocked", "registry-tcp-blocked: "),
    ],
)
def test_another_answer_than_the_expected_one(inner: Inner, mark: str, scenario: str, words: str) -> None:
    """Only the refusal by decision satisfies: no trouble, no broken credential, nothing that passes by itself."""
    result = marked(inner, mark, scenario)
    result.assert_outcomes(failed=1)
    assert summary(result).startswith(words)
    assert "set up" not in result.outlines


def test_how_an_open_registry_was_reached_is_told(inner: Inner) -> None:
    """The address, the identity, and what was granted."""
    result = marked(inner, "acr_expect('push-denied', repository='team/app')", "permission-excess")
    printed = result.stdout.str()
    assert "The registry granted push on team/app, where push-denied is expected" in printed
    assert "at 203.0.113.11, signed in as service principal" in printed


def test_several_candidates_that_are_all_named_satisfy(inner: Inner) -> None:
    """It is said that it was not proven."""
    names = "'firewall-ip-denied', 'firewall-public-access-disabled', 'firewall-rule-propagating'"
    result = marked(inner, f"acr_expect({names})", "firewall-ip-denied", "--acr-evidence", "off", "-rP")
    result.assert_outcomes(passed=1)
    (said,) = [line for line in result.outlines if "refused as expected" in line]
    assert said.endswith(", one of these: not proven)")


@pytest.mark.parametrize("scenario", ["firewall-ip-denied", "proxy-unreachable"])
def test_what_fails_is_nowhere_called_as_expected(inner: Inner, scenario: str) -> None:
    """One candidate that is not named is enough to fail, and no property of the test says otherwise."""
    options = ("--acr-evidence", "off", "--junit-xml", "junit.xml")
    marked(inner, "acr_expect('firewall-public-access-disabled')", scenario, *options).assert_outcomes(failed=1)
    written = (inner.pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert "<failure" in written
    assert "as expected" not in written


#: Changes the world of an inner run before anything is asked.
CHANGED = """
import pytest
from pytest_acrauth.emulator.scenarios.look_alikes.lookers import namesake
from pytest_acrauth.emulator.world.roles import EVIDENCE
from pytest_acrauth.plugin.commands.emulation import EMULATOR

@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.stash[EMULATOR].change({change})

def only_the_namesake_is_shown(**settings):
    def change(world):
        namesake(world)
        (own,) = [each for each in world.cloud.registries.values() if each.label == "myacr"]
        hidden = {{(EVIDENCE, own.resource_id)}}
        world.cloud.assignments[:] = [
            each for each in world.cloud.assignments if (each.role, each.scope) not in hidden
        ]
        for name, value in settings.items():
            for each in world.cloud.registries.values():
                setattr(each, name, value is (each is own))
    return change

def forbidden_a_minute_ago(world):
    for each in world.cloud.registries.values():
        each.anonymous_pull, each.anonymous_pull_before, each.modified = False, True, world.cloud.now() - 60
"""


@pytest.mark.parametrize("setting", ["admin_enabled", "anonymous_pull"])
@pytest.mark.parametrize("own", [True, False])
def test_a_namesakes_settings_are_nobodys(inner: Inner, setting: str, *, own: bool) -> None:
    """Another registry of the same name is the one that is shown: nothing is known of this one's settings."""
    inner.pytester.makeconftest(CHANGED.format(change=f"only_the_namesake_is_shown({setting}={own})"))
    mark = {"admin_enabled": "admin-user-off", "anonymous_pull": "anonymous-pull-off"}[setting]
    result = marked(inner, f"acr_expect('{mark}')", "healthy", "--acr-evidence", "azure-cli")
    result.assert_outcomes(failed=1)
    assert summary(result).startswith("could-not-look: whether myacr has ")
    assert "the registry of that name that is shown is another one, myacr-h8k2x9d4.azurecr.io" in result.stdout.str()


def test_anonymous_pull_that_is_forbidden_and_goes_on_is_open(inner: Inner) -> None:
    """What the record forbids is tried: for minutes after a change, registries go by what was before."""
    inner.pytester.makeconftest(CHANGED.format(change="forbidden_a_minute_ago"))
    result = marked(inner, "acr_expect('anonymous-pull-off')", "healthy", "--acr-wait", "5")
    result.assert_outcomes(failed=1)
    assert summary(result).startswith("more-open-than-expected: ")
    assert "let in still, though the record" in result.stdout.str()


@pytest.mark.parametrize(
    ("mark", "passes"),
    [
        ("acr_expect('image-not-found', repository='team/app')", True),
        ("acr_expect('identity-kept-out', repository='team/app')", False),
    ],
)
def test_what_breaks_behind_the_token_counts(inner: Inner, mark: str, *, passes: bool) -> None:
    """Where the repository that is named is one of those that are read: it is that which is met, and no open door."""
    result = marked(inner, mark, "image-not-found", "--acr-repository", "team/app")
    if passes:
        result.assert_outcomes(passed=1)
    else:
        assert summary(result).startswith("image-not-found: ")
    other = marked(inner, mark.replace("team/app", "team/multi"), "image-not-found", "--acr-repository", "team/app")
    unread = "image-not-found shows where an image is read, and nothing reads team/multi here: name it with"
    assert summary(other).startswith(unread if passes else "more-open-than-expected: ")


def test_what_shows_by_reading_needs_something_that_is_read(inner: Inner) -> None:
    """Where no image is named, nothing was asked that could be refused so, and nothing is called open."""
    result = marked(inner, "acr_expect('image-not-found')", "healthy")
    result.assert_outcomes(failed=1)
    assert "image-not-found shows where an image is read, and nothing reads one here" in summary(result)
    read = marked(inner, "acr_expect('image-not-found')", "healthy", "--acr-repository", "team/app")
    assert summary(read).startswith("more-open-than-expected: ")


def test_a_setting_that_nobody_may_read_fails(inner: Inner) -> None:
    """Could not look is never fine."""
    result = marked(inner, "acr_expect('admin-user-off')", "healthy", "--acr-evidence", "off")
    result.assert_outcomes(failed=1)
    assert summary(result).startswith("could-not-look: whether myacr has a switched off admin user: nobody is asked")


def test_what_nobody_could_look_at_is_told_like_a_cause(inner: Inner) -> None:
    """Its id, registry and identity are in JUnit, the id leads on, and every registry is named."""
    inner.pytester.makepyfile("import pytest\n@pytest.mark.acr_expect('admin-user-off')\ndef test_it(): pass")
    options = ("--acr-evidence", "off", "--acr-checks", "none", "--junitxml", "junit.xml", "--tb=short")
    result = inner.emulate("healthy", *options, registry="myacr,otheracr")
    result.assert_outcomes(failed=1)
    firsts = [line for line in result.outlines if line.startswith("could-not-look: ")]
    assert [line.split()[2] for line in firsts] == ["myacr", "otheracr"]
    look = result.outlines.index(firsts[0])
    assert result.outlines[look + 1] == "What to do"
    assert result.outlines[look + 2].startswith("  fix   Let somebody read the registry's record")
    junit = ET.parse(inner.pytester.path / "junit.xml")  # noqa: S314 - our own file
    kept = {each.get("name"): each.get("value") for each in junit.iter("property")}
    assert kept["acr_id"] == "could-not-look"
    assert kept["acr_registry"] == "myacr.azurecr.io, otheracr.azurecr.io"
    assert kept["acr_identity"] == "service-principal"
    described = inner.run("--acr-explain", firsts[0])
    assert described.outlines[0] == "could-not-look: a symptom of a check that somebody asked for by name"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("", "acr_expect: name what is expected: a cause's id, a family, or one of network-shut-out"),
        (
            "'exchange-refused'",
            "acr_expect: 'exchange-refused' is what is seen, and no cause: name those of its causes",
        ),
        ("None", "acr_expect: name=None is no text"),
        ("'firewall', repository='myacr.azurecr.io/team/app'", "acr_expect: 'myacr.azurecr.io/team/app' begins with a"),
        ("'firewal-ip-denied'", "acr_expect: 'firewal-ip-denied' is no cause, family"),
        ("'network'", "acr_expect: 'network' is a family of troubles"),
        ("'firewall', regsitry='x'", "acr_expect('firewall', regsitry='x'): it takes names, and repository=…"),
        ("'push-denied'", "push-denied needs a repository: name one with repository=… or --acr-repository"),
        ("7", "acr_expect: name=7 is no text"),
    ],
)
def test_expectations_that_cannot_be_meant(inner: Inner, arguments: str, words: str) -> None:
    """A marker's mistake fails its test before the fixtures, and names the value and the choices."""
    result = marked(inner, f"acr_expect({arguments})", "healthy")
    result.assert_outcomes(failed=1)
    assert summary(result).startswith(words)
    assert "set up" not in result.outlines


def test_expected_within_a_test(inner: Inner) -> None:
    """``acr.expect`` does the same, and says what was met in the test's output."""
    inner.pytester.makepyfile(
        """
        import pytest
        from pytest_acrauth.model.target import BadName

        def test_shut(acr, capsys):
            acr.expect("network-shut-out")
            assert "refused as expected (firewall-ip-denied)" in capsys.readouterr().out
            with pytest.raises(AssertionError, match="^firewall-ip-denied: "):
                acr.expect("identity-kept-out")
            with pytest.raises(BadName, match="did you mean network-shut-out"):
                acr.expect("network-shutout")
        """
    )
    inner.emulate("firewall-ip-denied", *NO_CHECKS).assert_outcomes(passed=1)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_named_refusal_is_one_by_decision(name: str) -> None:
    """Its causes exist, do not pass by themselves, and are no trouble of a network, a peer or a client."""
    assert name in refusals.REFUSALS
    assert name not in SETTINGS
    for cause in REFUSALS[name]:
        assert not MODES[cause].transient, cause
        assert family_of(MODES[cause]) in {"firewall", "exchange", "roles", "access", "basic", "signin"}, cause
    assert Expectation([name]).words == name


def test_what_grants_too_much_is_named(inner: Inner) -> None:
    """The role that grants it, as a look at the roles tells."""
    result = marked(inner, "acr_permissions('team/app', must_not='push')", "permission-excess")
    assert "AcrPush" in result.stdout.str()


@pytest.mark.parametrize(
    ("mark", "first"),
    [
        (
            "acr_permissions('team/app', must_not='pull')",
            "permission-excess: too many rights: pull on team/app",
        ),
        ("acr_permissions('team/app', must='push')", "scope-not-granted: no role allows push on team/app"),
        ("acr_ready(scope='repository:team/app:push')", "scope-not-granted: no role allows push on team/app"),
    ],
)
def test_what_a_test_asks_for_is_not_blamed_on_an_option(inner: Inner, mark: str, first: str) -> None:
    """The first line names the repository, and whoever wants less or more is sent to the test as well."""
    result = marked(inner, mark, "healthy")
    assert summary(result) == first
    named = re.findall(r"--acr-must[^.]*", " ".join(result.stdout.str().split()))
    assert named
    assert all("readiness file" in each for each in named)
