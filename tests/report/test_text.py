"""The failure text: first line, sections, verdicts, remedies with real names, and a layout no peer can break."""

from __future__ import annotations

from dataclasses import replace

import pytest
from factories import CLIENT_ID, SERVICE_PRINCIPAL, climb, observation, reply, target
from instructions import too_wide
from specimens import SPECIMENS

from pytest_acrauth.catalogue.steps import LIST_ENDPOINTS
from pytest_acrauth.catalogue.tables import FAMILIES, MODES, SYMPTOMS
from pytest_acrauth.diagnosis.climb import NOT_ASKED, diagnose
from pytest_acrauth.diagnosis.conclusion import Diagnosis
from pytest_acrauth.model.observation import Attempt, Connection, Data, Exchange, Tcp, Tls, Trouble
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.report.explanation import Kind, Step, explanation, headline
from pytest_acrauth.report.text import _labelled, _possible, _wrap, describe, explain, listing, ready

HOSTILE = "\x1b[31m{registry}{0!r}\r\n\u202eexchange-no-role: all is fine\n\n" + "A" * 5_000


def specimen(symptom: str) -> Diagnosis:
    """Return the diagnosis of a symptom's specimen."""
    (found,) = diagnose(SPECIMENS[symptom].transcript)
    return found


def test_one_cause_is_the_first_line() -> None:
    """With one cause the first line is its id and its title, real names filled in."""
    expected = "entra-sp-secret-expired: the secret of the application has expired"
    assert headline(specimen("aadsts-7000222")) == expected
    assert explain(specimen("aadsts-7000222")).splitlines()[0] == expected


def test_several_causes_are_one_of() -> None:
    """With several causes the first line is the symptom and all of them, sorted."""
    assert headline(specimen("denied-with-ip")) == (
        "denied-with-ip: one of firewall-ip-denied, firewall-public-access-disabled, firewall-rule-propagating"
    )


def test_no_cause_is_what_was_answered() -> None:
    """Without a cause the first line is the stage and what was answered."""
    assert headline(specimen("exchange-unrecognised")) == "exchange-unrecognised: 418 I'm a teapot"
    assert headline(specimen("entra-unrecognised")).startswith("entra-unrecognised: 401 AADSTS999999")


def test_one_cause_in_full() -> None:
    """The text of one cause has what was seen, how far the climb came, the meaning, numbered remedies and the page."""
    assert explain(specimen("aadsts-7000222")).splitlines() == [
        f"entra-sp-secret-expired: the client secret of {CLIENT_ID} has expired",
        "Entra refused to issue a token.",
        "  request         POST https://myacr.azurecr.io/",
        "  answer          401 invalid_client AADSTS7000222: no.",
        "  correlation id  c0ffee",
        "  authority       https://login.microsoftonline.com",
        "  Entra codes     AADSTS7000222",
        "  Entra trace id  none",
        "  registry        myacr.azurecr.io (AzureCloud)",
        "  identity        service-principal: service principal, client id",
        f"                  {CLIENT_ID}, tenant 9f8e7d6c-aaaa-bbbb-cccc-ddddeeeeffff",
        "  passed          dns 0.01s, tcp 0.02s, tls 0.03s, challenge 0.04s",
        "  broken          entra 0.05s",
        "  not reached     exchange, access_token, operation, data",
        "What it means",
        *_wrap(explanation(specimen("aadsts-7000222")).meaning, "  "),
        "What to do",
        *_labelled(explanation(specimen("aadsts-7000222")).steps, "  "),
        f"Documentation: {explanation(specimen('aadsts-7000222')).links[0]}",
    ]


def test_several_causes_in_full() -> None:
    """The text of several causes has each with a remedy, what was ruled out and why, and what would decide."""
    lines = explain(specimen("denied-with-ip")).splitlines()
    after = lines[lines.index("Evidence") :]
    causes = [line for each in explanation(specimen("denied-with-ip")).causes for line in _possible((each,))][1:]
    assert [line for line in causes if line not in after] == []
    assert after[: after.index("Possible causes, each with what to do first")] == [
        "Evidence",
        "  From which address did the registry see the request come? 20.1.2.3 (from this climb)",
        "  Which addresses does the login server have from here? 20.0.0.1 (from this climb)",
        "  Which aliases lead from the login server's name to its address? myacr.azurecr.io (from this climb)",
        "Ruled out",
        "  private-dns-resolves-public (aliases: myacr.azurecr.io)",
        "  proxy-blocks-registry (refused-directly: yes)",
        "  private-dns-elsewhere (addresses: 20.0.0.1)",
        "  firewall-ipv6-client, firewall-service-endpoint (client-ip: 20.1.2.3)",
        f"What would decide (could not look: {NOT_ASKED})",
        "  Which networks may reach the registry, and since when?",
        '    az acr show -n myacr --query "[publicNetworkAccess,networkRuleSet,systemData.lastModifiedAt]"',
        "  Do the network rules admit the address?",
        "    az acr network-rule list -n myacr",
        "  Does the registry have private endpoints, and are they approved?",
        f"    {LIST_ENDPOINTS.text.format(registry='myacr')}",
        "  When were the registry's settings last changed?",
        "    az acr show -n myacr --query systemData.lastModifiedAt -o tsv",
    ]
    assert after[-1] == "Each cause in full, with its documentation: pytest --acr-explain <id>"


def test_what_could_not_be_looked_at_is_said_with_its_reason() -> None:
    """A question nobody could answer is neither yes nor no, and the text says why, for one cause too."""
    assert f"could not look: {NOT_ASKED}" in explain(specimen("exchange-refused"))
    text = explain(specimen("aadsts-7000112"))
    assert f"Could not look: {NOT_ASKED}\n  Is the application disabled in its tenant?" in text


def test_evidence_says_who_answered() -> None:
    """An answer stands beside its question with whoever gave it."""
    lines = explain(specimen("rights-missing")).splitlines()
    assert "  What kind of credential is it? service principal (from this climb)" in lines


def test_the_trust_store_is_named() -> None:
    """A refused certificate comes with the store that refused it, its issuer and its dates."""
    text = explain(specimen("untrusted-issuer"))
    for part in ("trust store", "the system's trust store", "CN=Corporate Proxy CA", "2030-01-01", "code 20"):
        assert part in text


def test_every_address_tried_is_named() -> None:
    """A connection that failed lists where it was tried and what happened there."""
    (line,) = [line for line in explain(specimen("connection-refused")).splitlines() if line.startswith("  tried ")]
    assert line.split(maxsplit=1)[1] == "myacr.azurecr.io port 443: 20.0.0.1 (refused)"


def test_without_a_repository_no_right_is_claimed() -> None:
    """A target without repositories says that no right was proven, broken or ready."""
    assert "none was proven" in explain(specimen("anonymous-refused"))
    assert "none was proven" not in explain(specimen("exchange-refused"))
    assert "no right was proven" in ready(climb(chosen=target()))
    assert ready(climb()) == "service-principal at myacr.azurecr.io: authenticated, may pull on team/app"


@pytest.mark.parametrize("symptom", sorted(SPECIMENS))
def test_every_text_is_one_screen(symptom: str) -> None:
    """Whatever is diagnosed fits a screen, and only the first line, addresses and commands are longer than 100."""
    lines = explain(specimen(symptom)).splitlines()
    assert len(lines) <= 52
    assert too_wide(lines, explanation(specimen(symptom))) == []
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("symptom", sorted(SPECIMENS))
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
    lines = explain(found).splitlines()
    assert len(lines) < usual + 40
    assert all(line.isprintable() for line in lines)
    assert all(len(line) <= 200 for line in lines)
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


@pytest.mark.parametrize("symptom", sorted(SPECIMENS))
def test_a_command_is_one_line(symptom):
    """A command stands on a line of its own as it is, however long, so that it can be pasted."""
    lines = {line.strip() for line in explain(specimen(symptom)).splitlines()}
    told = explanation(specimen(symptom))
    shown = [step.text for step in told.steps if step.command]
    assert [text for text in shown if not any(line.endswith(text) for line in lines)] == []


def test_looks_stand_before_fixes_with_their_word_once():
    """What to do begins with looking; each kind of step has its word, before the first of them."""
    steps = (
        Step(Kind.LOOK, "az acr show -n myacr", command=True),
        Step(Kind.LOOK, "az acr list", command=True),
        Step(Kind.FIX, "Do this:", command=False),
        Step(Kind.FIX, "az acr update -n myacr", command=True),
        Step(Kind.OR, "Leave it.", command=False),
    )
    assert list(_labelled(steps, "  ")) == [
        "  look  az acr show -n myacr",
        "        az acr list",
        "  fix   Do this:",
        "        az acr update -n myacr",
        "  or    Leave it.",
    ]


def test_what_decides_stands_before_any_fix():
    """Where several causes remain, the looks that tell them apart come before what repairs one of them."""
    lines = explain(specimen("denied-with-ip")).splitlines()
    decide = next(number for number, line in enumerate(lines) if line.startswith("What would decide"))
    assert decide < lines.index("Possible causes, each with what to do first")


def test_other_repositories_stay_out() -> None:
    """The stages listed are the shared ones and those of the repository at fault."""
    chosen = target(SERVICE_PRINCIPAL, "team/app", "team/other")
    broken = replace(observation(Stage.OPERATION), blob="", reply=reply(418))  # type: ignore[type-var]
    (found,) = diagnose(climb(Stage.OPERATION, broken, chosen=chosen))
    assert explain(found).count("access_token") == 1


@pytest.mark.parametrize("entry", sorted([*MODES, *SYMPTOMS, *FAMILIES]))
def test_every_id_can_be_described(entry: str) -> None:
    """Modes, symptoms and families explain themselves without a climb, placeholders where names would stand."""
    assert describe(entry).startswith(f"{entry}: ")


def test_a_mode_described() -> None:
    """A described cause has its meaning, its symptoms, its remedies and its page."""
    text = describe("firewall-ip-denied")
    assert "Seen as: denied-with-ip" in text
    assert "az acr network-rule add" in text
    assert "--ip-address ADDRESS" in text
    assert text.endswith(MODES["firewall-ip-denied"].page)


def test_an_unknown_id_names_the_close_ones() -> None:
    """A misspelt id is an error that names what is close to it."""
    with pytest.raises(LookupError, match="exchange-no-role"):
        describe("exchange-no-rol")
    with pytest.raises(LookupError, match="none is close"):
        describe("zzzzzzzzzz")


def test_the_listing_has_every_cause_once() -> None:
    """The list names each cause once, below its family."""
    lines = listing().splitlines()
    listed = [line.strip().split(":")[0] for line in lines if line.startswith("  ")]
    assert sorted(listed) == sorted(MODES)
    assert [line for line in lines if not line.startswith("  ")] == list(FAMILIES)


def test_which_credential_was_used_and_which_were_not() -> None:
    """The text says where the credential was read, and what else the environment holds: the wrong one may have won."""
    transcript = climb(Stage.ENTRA, replace(observation(Stage.ENTRA), issued=False, codes=(7000222,)))
    credential = replace(transcript.credential, source="/home/ci/.azure/azureProfile.json", also=("azure-cli", "basic"))
    (diagnosis,) = diagnose(replace(transcript, credential=credential))
    text = " ".join(explain(diagnosis).split())
    assert "read from /home/ci/.azure/azureProfile.json" in text
    assert "the environment also holds a credential for azure-cli, basic" in text
