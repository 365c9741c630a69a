"""Who the emulated machine can be: every method by its own variables, alone, under a prefix, and beside others."""

from __future__ import annotations

import pytest

from pytest_acrauth.auth import METHODS, BadAuth, Method, choose, pair
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Certainty
from pytest_acrauth.emulator import Emulator, SignIn
from pytest_acrauth.emulator.world.healthy import AUDITOR, CLIENT
from pytest_acrauth.model.evidence import EvidenceChoice
from pytest_acrauth.model.target import Flow, Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.running.run import Run

MY, OTHER = Registry.parse("myacr"), Registry.parse("otheracr")
PREFIXED = [method for method in METHODS if method.takes_prefix]


def climbed(emulator: Emulator, *specs: str, registries: tuple[Registry, ...] = (MY,)) -> tuple[Transcript, ...]:
    """Climb as identities that are chosen as a user's options choose them."""
    pairs = pair(registries, choose(specs, emulator.environ, registries), emulator.environ)
    app = (Reference.parse("team/app"),)
    return Run(emulator.machine, timeout=60.0).check([Target(registry, identity, app) for registry, identity in pairs])


def ready(seen: tuple[Transcript, ...]) -> bool:
    """Whether all got through to the layer."""
    return bool(seen) and all(not list(each.broken()) and each.accesses[0].data is not None for each in seen)


@pytest.mark.parametrize("row", METHODS, ids=lambda row: row.name)
def test_every_method_is_there_by_its_own_variables(row: Method) -> None:
    """On any registry, of which the environment has a password too."""
    with Emulator(registries=("thirdacr",), identities=(row.name,)) as emulator:
        assert ready(climbed(emulator, row.name, registries=(Registry.parse("thirdacr"),)))


@pytest.mark.parametrize("row", PREFIXED, ids=lambda row: row.name)
def test_every_method_is_there_under_a_prefix(row: Method) -> None:
    """What it reads stands under that, and the usual variables are those of a machine that was given nothing."""
    with Emulator() as plain, Emulator(identities=(f"mine={row.name}:MINE",)) as emulator:
        assert ready(climbed(emulator, f"mine={row.name}:MINE"))
        beside = {name for name in emulator.environ if not name.startswith("MINE_")}
        assert {name for name in beside ^ plain.environ.keys() if name.startswith(f"{row.prefix}_")} <= {
            "AZURE_POD_IDENTITY_AUTHORITY_HOST"
        }
        assert ready(climbed(emulator, "default"))


def test_all_of_them_are_there_at_once() -> None:
    """Each under a prefix of its own, some twice, and those without variables as they are."""
    specs = [f"{row.name}-{turn}={row.name}:P{turn}_{place}" for place, row in enumerate(PREFIXED) for turn in (1, 2)]
    specs += [row.name for row in METHODS if not row.takes_prefix]
    with Emulator(identities=specs) as emulator:
        assert ready(climbed(emulator, *specs))


def test_entra_methods_share_the_usual_variables() -> None:
    """Those that differ in nothing but the proof stand side by side under one prefix."""
    specs = ("service-principal", "service-principal-certificate", "workload-identity", "azure-cli")
    with Emulator(identities=specs) as emulator:
        assert ready(climbed(emulator, *specs))


def test_one_alone_is_what_a_program_finds() -> None:
    """Azure's libraries take the first proof that they find: there is no other one beside the method that is named."""
    with Emulator(identities=("workload-identity",)) as emulator:
        assert "AZURE_CLIENT_SECRET" not in emulator.environ
        assert emulator.environ["AZURE_CLIENT_ID"] == CLIENT
    with Emulator(identities=("managed-identity",)) as emulator:
        assert "AZURE_CLIENT_ID" not in emulator.environ


def test_the_usual_credentials_are_as_they_were() -> None:
    """A named identity under its own prefix takes nothing away, and so does default."""
    for given in ((), ("default",), ("service-principal",), ("x=workload-identity:X",), ("docker-config",)):
        with Emulator(identities=given) as emulator:
            (chosen,) = choose(["default"], emulator.environ, [MY])
            assert chosen.identity.method == "service-principal"
            assert chosen.notes[-1].startswith("also found: azure-cli")


@pytest.mark.parametrize("method", ["admin", "scope-map-token"])
def test_a_password_is_of_the_registry_that_is_meant(method: str) -> None:
    """And goes to no other."""
    given = [SignIn(method, f"P{number}", each.login_server) for number, each in enumerate((MY, OTHER))]
    with Emulator(identities=given) as emulator:
        assert emulator.environ["P0_PASSWORD"] != emulator.environ["P1_PASSWORD"]
        assert emulator.environ["P1_REGISTRY"] == OTHER.login_server
        seen = climbed(emulator, f"a={method}:P0", f"b={method}:P1", registries=(MY, OTHER))
        assert [each.target.registry for each in seen] == [MY, OTHER]
        assert ready(seen)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("admin", "scope-map-token"), "admin and scope-map-token both read ACR_PASSWORD, which holds one of them"),
        (("admin:X", "basic:X"), "admin and basic both read X_PASSWORD, .* as basic:X_TOO"),
        (("admn",), "unknown auth method 'admn'; choose one of default, basic, admin"),
        (("admin:x y",), "'x y' is no prefix of environment variables"),
        (("anonymous:X",), "anonymous takes no prefix"),
        (("default:X",), "default takes no prefix"),
    ],
)
def test_what_cannot_be_is_told(given: tuple[str, ...], words: str) -> None:
    """Before anything is served."""
    with pytest.raises(BadAuth, match=words):
        Emulator(identities=given)


@pytest.mark.parametrize(
    ("scenario", "identity", "stage"),
    [
        ("entra-sp-secret-wrong", "service-principal:CI", "entra"),
        ("entra-sp-secret-wrong", "basic", "access_token"),
        ("entra-tenant-not-found", "service-principal-certificate:CI", "entra"),
        ("admin-username-wrong", "admin:ACR_CI", "access_token"),
        ("scope-map-token-password-wrong", "scope-map-token:ACR_CI", "access_token"),
        ("entra-fic-subject-mismatch", "workload-identity:CI", "entra"),
        ("entra-sp-certificate-expired", "service-principal-certificate:CI", "entra"),
        ("anonymous-pull-disabled", "anonymous", "access_token"),
    ],
)
def test_a_scenario_happens_to_whoever_it_is(scenario: str, identity: str, stage: str) -> None:
    """A cause about the usual variables is one about those with a prefix."""
    with Emulator(scenario, identities=(f"x={identity}",)) as emulator:
        (seen,) = climbed(emulator, f"x={identity}")
    assert [str(each).partition("::")[0] for each in seen.broken()] == [stage]


@pytest.mark.parametrize("row", [row for row in METHODS if row.flow is Flow.ENTRA], ids=lambda row: row.name)
def test_evidence_is_asked_by_an_identity_of_its_own(row: Method) -> None:
    """Whatever befell the one under test, it may look; where it is an application, it may do nothing else."""
    with Emulator("exchange-no-role", identities=(SignIn(row.name, "AUDIT", apart=True),)) as emulator:
        (chosen,) = choose(["service-principal"], emulator.environ, [MY])
        run = Run(emulator.machine, timeout=60.0, evidence=EvidenceChoice(row.name, "AUDIT"))
        (found,) = diagnose(*run.check([Target(MY, chosen.identity)]))
        assert (found.mode and found.mode.id, found.certainty) == ("exchange-no-role", Certainty.PROVEN)
        assert emulator.environ.get("AUDIT_CLIENT_ID", AUDITOR) == AUDITOR
        assert emulator.environ["AZURE_CLIENT_ID"] == CLIENT


def test_who_may_look_may_not_pull() -> None:
    """An application for evidence alone is let in, and given no image."""
    with Emulator(identities=(SignIn("service-principal", "AUDIT", apart=True),)) as emulator:
        (seen,) = climbed(emulator, "audit=service-principal:AUDIT")
    assert [*map(str, seen.broken())] == ["exchange"]


@pytest.mark.parametrize(
    "spec",
    ["basic:ACR_ADMIN", "admin:ACR_ADMIN", "scope-map-token:ACR_PULLER", "basic:ACR_SP", "docker-config:ACR_PULL"],
)
def test_what_is_there_under_a_prefix_stays(spec: str) -> None:
    """The healthy machine's own named identities are whom its guide names, by whichever method they are read."""
    with Emulator() as plain, Emulator(identities=(f"x={spec}",)) as emulator:
        name = f"{spec.partition(':')[2]}_USERNAME"
        assert emulator.environ.get(name) == plain.environ.get(name)
        assert ready(climbed(emulator, f"x={spec}"))
