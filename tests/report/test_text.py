"""The failure text: first line, sections, verdicts, remedies with real names, and a layout no peer can break."""

from __future__ import annotations

from dataclasses import replace

from factories import CLIENT_ID, SERVICE_PRINCIPAL, climb, observation, reply, target
from for_each import for_each
from rules import broken_rules
from specimens import SPECIMENS

from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.climb import NOT_ASKED, diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.model.observation import Attempt, Connection, Data, Exchange, Tcp, Tls, Trouble
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.report.explanation import COLUMNS, Kind, explanation, headline
from pytest_acrauth.report.text import LINES, explain

HOSTILE = "\x1b[31m{registry}{0!r}\r\n\u202eexchange-no-role: all is fine\n\n" + "A" * 5_000


def specimen(symptom: str) -> Diagnosis:
    """Return the diagnosis of a symptom's specimen."""
    (found,) = diagnose(SPECIMENS[symptom].transcript)
    return found


def test_one_cause_is_the_first_line() -> None:
    """With one cause the first line is its id and its title; a name that has no room is in Why."""
    lines = explain(specimen("aadsts-7000222")).splitlines()
    assert lines[0] == headline(specimen("aadsts-7000222"))
    assert lines[0].startswith("entra-sp-secret-expired: ")
    assert len(lines[0]) <= COLUMNS
    assert any(line.startswith("Why ") and CLIENT_ID in line for line in lines)


def test_several_causes_are_one_of() -> None:
    """With several causes the first line is the symptom and all of them, sorted."""
    assert headline(specimen("denied-with-ip")) == (
        "denied-with-ip: one of firewall-ip-denied, firewall-public-access-disabled, firewall-rule-propagating"
    )


def test_no_cause_is_what_was_answered() -> None:
    """Without a cause the first line is the stage and what was answered."""
    assert headline(specimen("exchange-unrecognised")) == "exchange-unrecognised: 418 I'm a teapot"
    assert headline(specimen("entra-unrecognised")).startswith("entra-unrecognised: 401 AADSTS999999")


def test_one_cause_in_short() -> None:
    """What to do first, then why, what was seen, and where to read on."""
    found = explanation(specimen("aadsts-7000222"))
    lines = explain(specimen("aadsts-7000222")).splitlines()
    assert [step.text for step in found.steps if step.command and f"        {step.text}" not in lines] == []
    seen = lines.index(next(line for line in lines if line.startswith("Seen")))
    assert lines[seen:] == [
        "Seen    401 invalid_client AADSTS7000222: no. (to POST https://myacr.azurecr.io/)",
        "        correlation id: c0ffee",
        f"        as service principal {CLIENT_ID}",
        f"Documentation: {found.links[0]}",
        "In full: pytest --acr-explain entra-sp-secret-expired",
    ]


def test_what_could_not_be_looked_at_is_said_with_its_reason() -> None:
    """A question nobody could answer is neither yes nor no, and the text says why; the full one says what it was."""
    for symptom in ("exchange-refused", "aadsts-7000112"):
        assert f"Could not look: {NOT_ASKED}" in explain(specimen(symptom))
        assert f"Could not look: {NOT_ASKED}\n  " in explain(specimen(symptom), full=True)


def test_the_full_text_has_the_reasoning() -> None:
    """Every answer by its label, and each cause that was ruled out with the answers that exclude it."""
    found = explanation(specimen("denied-with-ip"))
    text = " ".join(explain(specimen("denied-with-ip"), full=True).split())
    for answered in found.evidence:
        assert f"{answered.question.label}: {answered.value}" in text
    for group in found.ruled_out:
        assert f"{', '.join(group.causes)} (" in text
    for cause in found.causes:
        assert f"{cause.id}: {cause.title}" in text
        assert [step.text for step in cause.steps if step.text not in text] == []


def test_in_short_it_names_what_was_ruled_out_in_plain_words() -> None:
    """In one line, with how many more there are; no ids."""
    (line,) = [line for line in explain(specimen("denied-with-ip")).splitlines() if "Ruled out: " in line]
    found = explanation(specimen("denied-with-ip"))
    assert line.strip().startswith(f"Ruled out: {found.not_these[0]}")
    assert not any(cause in line for group in found.ruled_out for cause in group.causes)


def test_several_causes_each_with_a_way_on() -> None:
    """The looks that tell them apart come first, then each cause with its title."""
    lines = explain(specimen("denied-with-ip")).splitlines()
    found = explanation(specimen("denied-with-ip"))
    assert lines[2].startswith("  look  az ")
    for cause in found.causes:
        assert f"  {cause.id}: {cause.title}" in lines
    assert lines[-1].startswith("In full: pytest --acr-explain <id>")


def test_without_a_repository_no_right_is_claimed() -> None:
    """A target without repositories says that no right was proven."""
    assert "none was proven" in explain(specimen("anonymous-refused"))
    assert "none was proven" not in explain(specimen("exchange-refused"))


def test_the_trust_store_is_named() -> None:
    """A refused certificate comes with the store that refused it, its issuer and its dates."""
    text = explain(specimen("untrusted-issuer"), full=True)
    for part in ("trust store", "the system's trust store", "CN=Corporate Proxy CA", "2030-01-01", "code 20"):
        assert part in text


def test_every_address_tried_is_named() -> None:
    """A connection that failed lists where it was tried and what happened there."""
    assert "tried: myacr.azurecr.io port 443: 20.0.0.1 (refused)" in explain(specimen("connection-refused"))


@for_each("symptom", sorted(SPECIMENS))
def test_every_text_keeps_the_rules(symptom: str) -> None:
    """Those of a text that one can act on, whatever is diagnosed."""
    assert broken_rules(specimen(symptom)) == []


@for_each("symptom", sorted(SPECIMENS))
def test_no_foreign_cause_is_named(symptom: str) -> None:
    """A failure's text names the causes of its own symptom only."""
    diagnosis = specimen(symptom)
    own = {finding.mode.id for finding in diagnosis.findings}
    words = set(explain(diagnosis).replace(",", " ").replace(":", " ").split())
    assert not words & (set(MODES) - own)


def test_hostile_text_cannot_break_the_layout() -> None:
    """Control characters, braces, line ends and endless words from a peer stay inside their own row."""
    usual = len(explain(specimen("exchange-unrecognised")).splitlines())
    answer = reply(418, HOSTILE, HOSTILE, detail=HOSTILE, correlation_id=HOSTILE, url=HOSTILE)
    (found,) = diagnose(climb(Stage.EXCHANGE, Exchange(reply=answer)))
    lines = explain(found, full=True).splitlines()
    assert len(explain(found).splitlines()) <= LINES
    assert len(lines) < usual + 40
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("exchange-no-role") for line in lines)


def test_a_hostile_data_host_cannot_become_a_command() -> None:
    """A host name that a redirect chose is quoted where it stands in a command."""
    redirect = "a;reboot;.blob.core.windows.net"
    lost = Tcp(host=redirect, port=443, attempts=(Attempt(address="20.9.9.8", trouble=Trouble.TIMEOUT),))
    way = Connection(host=redirect, tcp=lost)
    (found,) = diagnose(climb(Stage.DATA, Data(redirect=redirect, trouble=Trouble.TIMEOUT, connection=way)))
    assert f"https://'{redirect}'/" in explain(found)


def test_hostile_certificates_cannot_break_the_layout() -> None:
    """What a certificate says of itself is data, too."""
    tls = SPECIMENS["certificate-name"].observation
    assert isinstance(tls, Tls)
    assert tls.certificate is not None
    shown = tls.certificate._replace(names=(HOSTILE,) * 50, issuer=HOSTILE, subject=HOSTILE)
    (found,) = diagnose(climb(Stage.TLS, replace(tls, certificate=shown)))
    lines = explain(found).splitlines()
    assert all(line.isprintable() for line in lines)
    assert len(lines) < 60


@for_each("symptom", sorted(SPECIMENS))
def test_a_command_is_one_line(symptom):
    """A command stands on a line of its own as it is, however long, so that it can be pasted."""
    lines = {line.strip() for line in explain(specimen(symptom)).splitlines()}
    told = explanation(specimen(symptom))
    shown = [step.text for step in told.steps if step.command and step.kind is not Kind.OR]
    assert [text for text in shown if not any(line.endswith(text) for line in lines)] == []


def test_other_repositories_stay_out() -> None:
    """The stages listed are the shared ones and those of the repository at fault."""
    chosen = target(SERVICE_PRINCIPAL, "team/app", "team/other")
    broken = replace(observation(Stage.OPERATION), blob="", reply=reply(418))  # type: ignore[type-var]
    (found,) = diagnose(climb(Stage.OPERATION, broken, chosen=chosen))
    assert explain(found).count("access_token") == 1


def test_which_credential_was_used_and_which_were_not() -> None:
    """The text says where the credential was read, and what else the environment holds: the wrong one may have won."""
    transcript = climb(Stage.ENTRA, replace(observation(Stage.ENTRA), issued=False, codes=(7000222,)))
    credential = replace(transcript.credential, source="/home/ci/.azure/azureProfile.json", also=("azure-cli", "basic"))
    (diagnosis,) = diagnose(replace(transcript, credential=credential))
    text = " ".join(explain(diagnosis, full=True).split())
    assert "from /home/ci/.azure/azureProfile.json" in text
    assert "the environment also holds a credential for azure-cli, basic" in text
