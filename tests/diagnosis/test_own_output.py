"""This package's own words in a text: read as what they concluded, and as nothing else, wherever they stand."""

from __future__ import annotations

import html
import json
import pprint
from collections.abc import Callable, Iterable

import pytest
from emulator.climbing import climbed
from for_each import for_each
from gallery import Gallery
from specimens import SPECIMENS

from pytest_acrauth.catalogue.symptoms.climb import PLUGIN_DEFECT
from pytest_acrauth.catalogue.tables import MODES, SYMPTOMS
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis
from pytest_acrauth.diagnosis.own_output import read
from pytest_acrauth.diagnosis.text import Line, recognise
from pytest_acrauth.emulator import LOOK_ALIKES, SCENARIOS, Emulator, Scenario
from pytest_acrauth.report.entry_text import describe, listing
from pytest_acrauth.report.explanation import NO_NAMES, explanation, headline, in_one_line
from pytest_acrauth.report.text import explain, first_look, to_do

KNOWN = SCENARIOS | LOOK_ALIKES
SPECIMEN = {
    symptom: found
    for symptom, specimen in SPECIMENS.items()
    for found in diagnose(specimen.transcript)[:1]
    if found.symptom is not PLUGIN_DEFECT
}
FOREIGN = (
    'Error response from daemon: Get "https://otheracr.azurecr.io/v2/": denied: '
    "client with IP '203.0.113.9' is not allowed access."
)


def means(diagnosis: Diagnosis) -> tuple[object, ...]:
    """Return what has to come back: how sure it is, and of which causes, or of which symptom where there is none."""
    causes = [mode.id for mode in diagnosis.candidates]
    return diagnosis.certainty, causes or [diagnosis.symptom.id]


def named_first(diagnosis: Diagnosis, found: Diagnosis) -> bool:
    """Return whether a first line came back, of which the causes that it only counts may be missing."""
    certainty, causes = means(diagnosis)
    assert isinstance(causes, list)
    return means(found) in [(certainty, causes), (certainty, causes[:5])]


def check(diagnosis: Diagnosis) -> None:
    """Read each text of a diagnosis back."""
    for text in (explain(diagnosis), explain(diagnosis, full=True)):
        (found,) = recognise(text)
        assert means(found) == means(diagnosis), text
        assert [means(again) for again in recognise(explain(found))] == [means(diagnosis)]
    for line in (headline(diagnosis), in_one_line(diagnosis)):
        (found,) = recognise(line)
        assert named_first(diagnosis, found), line


@pytest.mark.broad(of=9)
@pytest.mark.parametrize("scenario", KNOWN.values(), ids=KNOWN)
def test_a_scenarios_text_is_read_back_as_itself(gallery: Gallery, scenario: Scenario) -> None:
    """The text, all of the reasoning and the first line alone give one diagnosis, as sure, with the same causes."""
    exhibit = gallery.of(scenario)
    for diagnosis in exhibit.diagnoses + exhibit.without_evidence:
        check(diagnosis)


@pytest.mark.parametrize("scenario", KNOWN.values(), ids=KNOWN)
def test_a_scenarios_first_line_is_read_back_as_itself(gallery: Gallery, scenario: Scenario) -> None:
    """As sure, and of the same causes."""
    for diagnosis in gallery.of(scenario).diagnoses:
        (found,) = recognise(headline(diagnosis))
        assert named_first(diagnosis, found)


@for_each("diagnosis", SPECIMEN.values(), ids=SPECIMEN)
def test_a_symptoms_text_is_read_back_as_itself(diagnosis: Diagnosis) -> None:
    """The same for every symptom that a climb can show."""
    check(diagnosis)


@for_each("mode", MODES.values(), ids=MODES)
def test_every_cause_has_a_first_line(mode) -> None:
    """Whatever its title, with and without names."""
    for before, certainty in (("", Certainty.PROVEN), ("probably ", Certainty.PROBABLE)):
        (found,) = recognise(f"{mode.id}: {before}{mode.title.format_map(NO_NAMES.said)}")
        assert (found.certainty, found.mode) == (certainty, mode)
        assert found.symptom in mode.seen


def lines(write: Callable[[int], str], text: str) -> str:
    """Put something before each line of a text, by the line's number."""
    return "\n".join(f"{write(number)}{line}" for number, line in enumerate(text.split("\n")))


SURROUNDINGS: dict[str, Callable[[str], str]] = {
    "time": lambda text: lines(lambda number: f"2030-01-01T10:00:00.{10 ** (number % 7)}Z ", text),
    "level": lambda text: lines(lambda number: f"[{number:>4}] web-1  | ERROR ", text),
    "indented": lambda text: lines(lambda _: "        ", text),
    "colours": lambda text: lines(lambda _: "\x1b[31m", text).replace("\n", "\x1b[0m\n"),
    "windows": lambda text: text.replace("\n", "\r\n"),
    "in json": lambda text: json.dumps({"nodeid": "acr::x", "longrepr": text, "duration": 1}),
    "in json in json": lambda text: json.dumps({"log": json.dumps({"longrepr": text})}),
    "in an annotation": lambda text: "::error file=a,line=1::" + text.replace("\n", "%0A"),
    "in junit": lambda text: (
        f'<testcase name="exchange"><failure message="{html.escape(text.partition(chr(10))[0])}">'
        f"{html.escape(text, quote=False)}</failure></testcase>"
    ),
    "with others": lambda text: f"$ pytest\ncollected 3 items\n\n{text}\n\n=== 1 failed ===\n",
}


@pytest.mark.parametrize("symptom", ["aadsts-7000222", "exchange-refused", "exchange-unrecognised", "denied-with-ip"])
@pytest.mark.parametrize("around", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_what_stands_around_the_lines_changes_nothing(around: Callable[[str], str], symptom: str) -> None:
    """Times, prefixes, colours, documents: the text is found in all that logs and reports make of it."""
    diagnosis = SPECIMEN[symptom]
    for text in (explain(diagnosis), explain(diagnosis, full=True)):
        (found,) = recognise(around(text))
        assert means(found) == means(diagnosis)


@pytest.mark.parametrize("symptom", ["aadsts-7000222", "exchange-refused", "denied-with-ip"])
def test_the_short_forms_of_a_run_are_read_too(symptom: str) -> None:
    """With ``--tb=short``, at a test that refers to another, in the short summary and in the section at the end."""
    diagnosis = SPECIMEN[symptom]
    first, look = headline(diagnosis), "\n".join(first_look(explanation(diagnosis)))
    forms = (
        f"{first}\n" + "\n".join(to_do(explanation(diagnosis))),
        f"{first}\n{look}\nexplained at acr::myacr.azurecr.io::service-principal::entra",
        f"FAILED acr::myacr.azurecr.io::service-principal::entra - {first}",
        f"\x1b[31mFAILED\x1b[0m acr::myacr.azurecr.io::\x1b[1mentra\x1b[0m - {first}",
        f"myacr.azurecr.io service-principal: {first}; {headline(SPECIMEN['exchange-unrecognised'])}",
    )
    for text in forms:
        assert named_first(diagnosis, recognise(text)[0]), text
    assert [len(recognise(text)) for text in forms] == [1, 1, 1, 1, 2]
    (found,) = recognise("\n\n".join([*forms[:4], explain(diagnosis)]))
    assert means(found) == means(diagnosis)


def test_lines_of_another_version_count_where_they_are_surely_ours() -> None:
    """A title in other words is one above what to do, and at a test of ours; elsewhere it proves nothing."""
    other = "exchange-no-role: probably nobody gave it a role"
    below = "What to do\n  look  az role assignment list\nWhy     It has none."
    for text in (f"{other}\n{below}", f"FAILED acr::myacr.azurecr.io::anonymous::exchange - {other}"):
        (found,) = recognise(text)
        assert means(found) == (Certainty.PROBABLE, ["exchange-no-role"])
    assert recognise(other) == ()


CUT = (
    "FAILED acr::myacr.azurecr.io::service-principal::entra - entra-sp-secret-expi...",
    "FAILED acr::myacr.azurecr.io::service-principal::entra - entra-sp-secret-expired:...",
    "FAILED acr::myacr.azurecr.io::service-principal::entra - entra-sp-secret-expired: pro...",
    "FAILED acr::myacr.azurecr.io::service-principal::entra - entra-sp-secret-expired: ...",
    "denied-with-ip: one of firewall-ip-denied, firewall-publ...",
    "denied-with-ip: one of firewall-ip-denied, firewall-public-access-disabled...",
    "denied-with-ip: one of firewall-ip-denied, firewall-public-access-disabled, ...",
    "denied-with-ip: one of firewall-ip-denied, firewall-public-access-disabled and 2 m...",
    "denied-with-ip: one of firewall-ip-den",
)
NOT_OURS = (
    "image-not-found: nginx:latest",
    "clock-skew: 3 ms",
    "forbidden: one of the users",
    "challenge-missing: no header, see the manual",
    "my-exchange-no-role: the identity",
    "exchange-no-role",
    "nxdomain: myapp.example.com",
    "denied-with-ip: one of curl, wget",
)


@pytest.mark.parametrize("text", [*CUT, *NOT_OURS])
def test_what_is_cut_or_said_by_others_is_no_conclusion(text: str) -> None:
    """Half a line does not tell how sure it was; an id alone can be anybody's word."""
    assert read(text) == ((), text)


@pytest.mark.parametrize(
    "text", [listing(), *(describe(name) for name in ("exchange-no-role", "firewall", "exchange-refused"))]
)
def test_a_page_of_the_catalogue_is_no_conclusion(text: str) -> None:
    """What is told of a cause in general was not found anywhere."""
    assert read(text) == ((), text)


def test_others_are_read_as_before() -> None:
    """What other programs print before, behind and between our lines keeps its number, and what we quote is not it."""
    ours = explain(SPECIMEN["aadsts-7000222"])
    alone = recognise(FOREIGN)
    (own, other) = recognise(f"{ours}\n\n{FOREIGN}\n")
    assert means(own) == means(SPECIMEN["aadsts-7000222"])
    assert means(other) == means(alone[0])
    assert isinstance(other.seen, Line)
    assert (other.seen.text, other.seen.number) == (FOREIGN, len(ours.split("\n")) + 2)


def test_a_text_without_our_words_is_left_alone() -> None:
    """Not a character of it differs for those who read the rest."""
    for text in ("", "\n", f"a\\nb\r\n{FOREIGN}\n\x1b[31m&amp;", "id: x\n" * 3):
        assert read(text) == ((), text)


@pytest.mark.parametrize("show", [repr, pprint.pformat], ids=["printed", "printed in lines"])
def test_a_printed_record_is_no_failure(show) -> None:
    """A test that prints `acr.transcript` quotes the challenge, which is a refusal in every healthy sign-in."""
    with Emulator() as emulator:
        record = show(climbed(emulator, SCENARIOS["healthy"]))
    assert "UNAUTHORIZED" in record
    assert recognise(record) == ()
    (other,) = recognise(f"{record}\n{FOREIGN}")
    assert means(other) == means(recognise(FOREIGN)[0])


def test_each_conclusion_of_a_run_is_told() -> None:
    """Several registries with several causes are several diagnoses, each once, however often it is told."""
    wanted = [SPECIMEN[name] for name in ("aadsts-7000222", "exchange-refused", "exchange-unrecognised")]
    told: Iterable[str] = [*map(explain, wanted), *map(headline, wanted)]
    assert [means(found) for found in recognise("\n\n".join(told))] == [means(each) for each in wanted]


def test_the_names_of_the_text_stand_in_what_is_told_of_it() -> None:
    """The registry and the identity that it was about fill the commands again."""
    diagnosis = SPECIMEN["aadsts-7000222"]
    (found,) = recognise(explain(diagnosis))
    assert found.seen.facts["client_id"] == diagnosis.seen.facts["client_id"]
    assert headline(found) == headline(diagnosis)
    (found,) = recognise(explain(SPECIMEN["denied-with-ip"]))
    assert found.seen.facts["login_server"] == "myacr.azurecr.io"
    (found,) = recognise("FAILED acr::myacr.azurecr.io::anonymous::exchange - exchange-no-role: probably it has none")
    assert found.seen.facts["registry"] == "myacr"


def test_a_placeholder_never_becomes_a_name() -> None:
    """What stands for a name that nobody knew is none."""
    for mode in MODES.values():
        (found,) = recognise(f"{mode.id}: {mode.title.format_map(NO_NAMES.said)}")
        assert not {"registry", "login_server", "client_id", "repository"} & set(found.seen.facts), mode.id


def test_every_symptom_is_known_by_its_id() -> None:
    """Those without a cause are told apart by their ids from those that have several."""
    without = [name for name in SYMPTOMS if name.endswith("-unrecognised")]
    for name in without:
        (found,) = recognise(f"{name}: 418 I'm a teapot")
        assert (found.symptom.id, found.certainty) == (name, Certainty.UNRECOGNISED)
        assert headline(found) == f"{name}: 418 I'm a teapot"
