"""A defect of this package is one target's failure, as data: others are judged, and nothing is lost or leaked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bugs import ALL, TOKEN, plant
from factories import broken_at, climb, generic_401

from pytest_acrauth import diagnose, explain
from pytest_acrauth.auth import BadAuth, choose
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.emulator import Emulator, World
from pytest_acrauth.model.client_record import ClientRecord
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.observation import Exchange
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.running.run import Run

IMAGE = "team/app"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Deliver a healthy world."""
    with Emulator() as healthy:
        yield healthy


def climbed(emulator: Emulator) -> tuple[Transcript, Transcript]:
    """Climb to myacr and to otheracr, as the service principal."""
    (chosen,) = choose(["service-principal"], emulator.environ)
    targets = [
        Target(Registry.parse(name), chosen.identity, (Reference.parse(IMAGE),), ("pull",), ())
        for name in ("myacr", "otheracr")
    ]
    mine, other = Run(emulator.machine, timeout=20).check(targets)
    return mine, other


def forbids_public_access(world: World) -> None:
    """Break myacr, and it alone."""
    world.cloud.registries["myacr"].public_network_access = False


def headlines(transcript: Transcript) -> list[str]:
    """Return the first line of each explanation."""
    return [explain(diagnosis).partition("\n")[0] for diagnosis in diagnose(transcript)]


@pytest.mark.parametrize(
    ("place", "reached"),
    [
        ("pytest_acrauth.auth.credentials:Credentials.read", Rung(Stage.DNS)),
        ("pytest_acrauth.running.run:climb", Rung(Stage.DNS)),
        ("pytest_acrauth.probes.climb:proxy_for", Rung(Stage.DNS)),
        ("pytest_acrauth.probes.http.resolver:Resolver.look_up", Rung(Stage.DNS)),
        ("pytest_acrauth.probes.http.network:Connector._connect", Rung(Stage.TCP)),
        ("pytest_acrauth.probes.http.network:Connector._handshake", Rung(Stage.TLS)),
        ("pytest_acrauth.probes.registry:parse_challenge", Rung(Stage.CHALLENGE)),
        ("pytest_acrauth.probes.registry:Login.exchange", Rung(Stage.EXCHANGE)),
        ("pytest_acrauth.probes.registry:Login.ask_access_token", Rung(Stage.ACCESS_TOKEN, IMAGE)),
        ("pytest_acrauth.probes.climb:read_manifest", Rung(Stage.OPERATION, IMAGE)),
        ("pytest_acrauth.probes.climb:read_layer", Rung(Stage.DATA, IMAGE)),
    ],
)
def test_a_defect_in_a_climb(place: str, reached: Rung, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It breaks the rung that was reached of that one target, keeps what was seen before it, and survives JSON."""
    plant(monkeypatch, place)
    mine, other = climbed(emulator)
    assert list(other.broken()) == []
    assert list(mine.broken()) == [reached]
    assert mine.defect is not None
    assert mine.defect.error == "RuntimeError"
    before = [rung for rung in mine.target.rungs if rung in mine.target.needs(reached)]
    assert all(mine.at(rung) is not None for rung in before)
    assert Transcript.from_json(mine.to_json()) == mine
    (found,) = diagnose(mine)
    text = explain(found)
    assert text.startswith("plugin-defect: RuntimeError: planted, with Authorization: ***")
    assert found.mode is None
    for told in (str(reached), "RuntimeError", "Report it", "bugs.py"):
        assert told in text
    assert TOKEN not in text + mine.to_json()


def test_a_defect_before_any_climb_is_each_targets_own(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """What all climbs of a run build on can be wrong, too."""
    plant(monkeypatch, "pytest_acrauth.probes.http.network:Connector.of", ALL)
    assert [list(each.broken()) for each in climbed(emulator)] == [[Rung(Stage.DNS)]] * 2


def test_a_defect_in_the_leg_that_targets_share(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It breaks the identity leg of each, whose network leg is told as it was."""
    plant(monkeypatch, "pytest_acrauth.running.identity_legs:climb_to_entra", ALL)
    for each in climbed(emulator):
        assert list(each.broken()) == [Rung(Stage.ENTRA)]
        assert each.challenge is not None
        assert each.challenge.ok
    shared = {diagnose(each)[0].seen.shared_by for each in climbed(emulator)}
    assert len(shared) == 1
    assert shared != {None}


def test_a_defect_beside_a_break(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """One leg is broken by the world, the other by us: both are told."""
    emulator.apply("registry-dns-nxdomain")
    plant(monkeypatch, "pytest_acrauth.running.identity_legs:climb_to_entra", ALL)
    mine, _ = climbed(emulator)
    first, second = headlines(mine)
    assert not first.startswith("plugin-defect")
    assert second.startswith("plugin-defect: ")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, BadAuth])
def test_what_is_no_defect_is_raised(
    error: type[BaseException], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who interrupts, and a credential that cannot be used any more, are not told as failures of ours."""
    plant(monkeypatch, "pytest_acrauth.probes.registry:Login.exchange", error=error)
    with pytest.raises(error):
        climbed(emulator)


@pytest.mark.parametrize(
    "place",
    [
        "pytest_acrauth.diagnosis.climb:symptoms",
        "pytest_acrauth.diagnosis.climb:ask",
        "pytest_acrauth.catalogue.shape:FailureMode.judge",
    ],
)
def test_a_defect_in_judging(place: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A break that cannot be judged is told as that, with where it was; what is ready stays ready."""
    emulator.change(forbids_public_access)
    plant(monkeypatch, place, ALL)
    mine, other = climbed(emulator)
    assert list(other.broken()) == []
    (rung,) = mine.broken()
    assert mine.at(rung) is not mine.defect
    (line,) = headlines(mine)
    assert line.startswith("plugin-defect: RuntimeError: planted")
    assert f"stage reached: {rung}" in line
    assert TOKEN not in explain(diagnose(mine)[0])


def test_a_defect_in_finding_out_what_is_needed(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, and so is the break itself, from what the climb saw."""
    emulator.apply("exchange-no-role")
    plant(monkeypatch, "pytest_acrauth.diagnosis.climb:needed", ALL)
    mine, _ = climbed(emulator)
    first, second = headlines(mine)
    assert first.startswith("plugin-defect: ")
    assert "exchange-no-role" in second
    assert Transcript.from_json(mine.to_json()) == mine


@pytest.mark.parametrize(
    "place",
    [
        "pytest_acrauth.probes.management.arm:read_registry",
        "pytest_acrauth.probes.management.askers:Askers.log_in",
        "pytest_acrauth.probes.management.looks:Looks._look",
        "pytest_acrauth.probes.management.looks:Looks.__init__",
    ],
)
def test_a_defect_in_a_look(place: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not look, and says why; the failure that it was to explain stays what it is."""
    emulator.apply("exchange-no-role")
    plant(monkeypatch, place, ALL)
    mine, _ = climbed(emulator)
    assert mine.defect is None
    (found,) = diagnose(mine)
    text = " ".join(explain(found).split())
    assert not text.startswith("plugin-defect")
    assert "exchange-no-role" in text
    assert "ould not look: a defect of pytest-acrauth (RuntimeError: planted, with Authorization: ***" in text
    assert "please report it" in text
    assert TOKEN not in text


@pytest.mark.parametrize(
    "place",
    [
        "pytest_acrauth.report.text:explanation",
        "pytest_acrauth.report.text:_within",
        "pytest_acrauth.report.explanation:filled",
        "pytest_acrauth.report.explanation:headline",
        "pytest_acrauth.catalogue.broken_rung:_configured",
    ],
)
def test_a_defect_in_explaining(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text is about the defect, and names what was to be explained."""
    broken = broken_at(Stage.EXCHANGE, Exchange(reply=generic_401()))
    (found,) = diagnose(broken.transcript)
    plant(monkeypatch, place, ALL)
    first, *others = explain(found).splitlines()
    assert first.startswith("plugin-defect: RuntimeError: planted, with Authorization: ***, while explaining ")
    assert found.symptom.id in first
    assert "please report it" in first
    assert any("bugs.py" in line for line in others)


def test_a_defect_in_explaining_a_defect(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told all the same."""
    plant(monkeypatch, "pytest_acrauth.probes.registry:Login.exchange")
    plant(monkeypatch, "pytest_acrauth.report.text:explanation", ALL)
    mine, _ = climbed(emulator)
    assert headlines(mine)[0].startswith("plugin-defect: RuntimeError: planted")


def test_a_defect_in_judging_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client's check has no stage; the rest is the same."""
    plant(monkeypatch, "pytest_acrauth.diagnosis.client:CheckedClient", ALL)
    (found,) = diagnose_client(ClientRecord(client="docker", checked_at=0.0))
    assert explain(found).startswith("plugin-defect: RuntimeError: planted")


def test_what_is_kept_of_an_exception() -> None:
    """Its type, its words in one bounded line, and where it was: no value of a variable, no folder of this machine."""

    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    def deep(number: int) -> None:
        secret = hex(123456789)
        if number == 0:
            raise RuntimeError(f"{'long ' * 1000}\x1b[31m\n::error::{secret[:0]}")
        deep(number - 1)

    with pytest.raises(RuntimeError) as caught:
        deep(500)
    defect = Defect.of(caught.value, "climbing")
    assert len(defect.text) <= 300
    assert len(defect.trace) <= 12
    assert all(len(line) <= 200 for line in defect.trace)
    assert all(line.isprintable() for line in (defect.text, *defect.trace))
    assert not any(hex(123456789) in line or line.startswith("/") for line in defect.trace)
    assert Defect.of(Odd(), "climbing").words == "Odd"


def test_a_sound_climb_has_none() -> None:
    """Nothing is broken where nothing failed."""
    assert climb().defect is None
    assert diagnose(climb()) == ()
