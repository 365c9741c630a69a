"""What other programs printed, read with the catalogue's own symptoms. No I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_acrauth.catalogue.facts import Row
from pytest_acrauth.catalogue.questions.refusals import times_in, topic_of
from pytest_acrauth.catalogue.shape import Answer, Question, Symptom, Verdict, Where, Words
from pytest_acrauth.catalogue.symptoms.access_token import BASIC_REFUSED
from pytest_acrauth.catalogue.symptoms.client import (
    ADMIN_HANDED_OUT,
    ADMIN_LOGGED_IN,
    AZ_MISSING,
    AZ_NOT_LOGGED_IN,
    NOT_INTERACTIVE,
    STDERR_NOISE,
    UPPERCASE,
)
from pytest_acrauth.catalogue.symptoms.entra import (
    AUTHORITY_UNREACHED,
    ENVIRONMENT_INCOMPLETE,
    METADATA_FAILED,
    NO_CREDENTIAL,
    NO_METADATA,
    NOT_INJECTED,
)
from pytest_acrauth.catalogue.symptoms.exchange import EXCHANGE_REFUSED, SERVER_ERROR
from pytest_acrauth.catalogue.symptoms.id_tokens import FAILED
from pytest_acrauth.catalogue.symptoms.management import ADMIN_DISABLED, ARM_NOT_FOUND, LIST_CREDENTIALS_FORBIDDEN
from pytest_acrauth.catalogue.symptoms.requests import CATALOG_REFUSED
from pytest_acrauth.catalogue.symptoms.services import REFUSALS, TOGETHER
from pytest_acrauth.catalogue.symptoms.text import (
    ANSWER_WITHOUT_CHALLENGE,
    AUTHORITY_LOST,
    GENERIC_401,
    NO_CREDENTIAL_SENT,
    NO_USABLE_CHALLENGE,
    PULL_SECRET_MISSING,
    REFUSED_AND_NOT_FOUND,
)
from pytest_acrauth.catalogue.tables import SYMPTOMS
from pytest_acrauth.diagnosis import own_output
from pytest_acrauth.diagnosis.around import Counts, counts
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis, Finding, conclude
from pytest_acrauth.diagnosis.hosts import Host, Place
from pytest_acrauth.diagnosis.names import checked, completed, named_in
from pytest_acrauth.diagnosis.other_services import about_another
from pytest_acrauth.diagnosis.printed import LIMIT, Printed, mended
from pytest_acrauth.model.credential import kind_of_user
from pytest_acrauth.model.target import Registry
from pytest_acrauth.model.transcript import Transcript

THIS_TEXT = "this text"
THIS_RUN = "this run's own check of the registry"
NOT_IN_TEXT = "a text does not show it"

_NEAR = 400  # how far around the words their names are looked for
_FINDS = 200  # how many places of one pattern are looked at
_DATA = re.compile(r"(?<=[\w-])\.[\w-]+\.data\.")  # what a data endpoint's name has and its login server's has not

#: Words that say the same whatever a token was wanted for.
_OF_SIGN_IN = {Where.SIGN_IN, Where.NOT_AT_SERVICE}

#: Whose answers are a registry's, or its storage's.
_THEIRS = {Place.REGISTRY, Place.DATA, Place.STORAGE}

#: What other failures bring about, in a text that may hold them too: the cause stands before its consequence.
_FOLLOWS = (
    # the links of a chain of credentials, which are tried whatever the one that is meant says; most do not apply
    AZ_NOT_LOGGED_IN,
    NO_CREDENTIAL,
    NOT_INJECTED,
    NO_METADATA,
    METADATA_FAILED,
    AZ_MISSING,
    ENVIRONMENT_INCOMPLETE,
    # said of every id token that did not come, before or behind the reason
    FAILED,
    # az acr login goes on to the management plane and the admin user when the exchange was refused
    ARM_NOT_FOUND,
    LIST_CREDENTIALS_FORBIDDEN,
    ADMIN_DISABLED,
    ADMIN_LOGGED_IN,
    ADMIN_HANDED_OUT,
    # MSAL says it of an authority that it reached and that knows no such tenant, too
    AUTHORITY_UNREACHED,
    AUTHORITY_LOST,
    # what is said with or without a failure
    UPPERCASE,
    PULL_SECRET_MISSING,
    # what a go-between answers for whatever the registry said
    SERVER_ERROR,
    # what a client ends with, whatever came before; containerd tries with its credential, then without
    *REFUSALS,
    BASIC_REFUSED,
    GENERIC_401,
    NO_CREDENTIAL_SENT,
    NOT_INTERACTIVE,
    # what some write beside whatever they do
    STDERR_NOISE,
)

#: Words that mean something together: what each of them means alone is not told then.
_TOGETHER = {
    REFUSED_AND_NOT_FOUND: (EXCHANGE_REFUSED, ARM_NOT_FOUND),
    ANSWER_WITHOUT_CHALLENGE: (NO_USABLE_CHALLENGE,),
    # A refusal that shows no list is of none: whose list it is would prove a cause by the user name alone.
    CATALOG_REFUSED: (GENERIC_401, NO_CREDENTIAL_SENT, BASIC_REFUSED),
    **TOGETHER,
}

# The right that a registry's refusal names beside its words.
_REFUSED_RIGHT = re.compile(r'"Action\\{0,3}" ?: ?\\{0,3}"([a-z_]{1,30})')
# Name servers that know all public names: Azure's own, which only its machines can reach, and those for everybody.
_PUBLIC_RESOLVER = re.compile(r"\blookup [\w.*-]{1,253} on (?:168\.63\.129\.16|8\.8\.8\.8|8\.8\.4\.4|1\.1\.1\.1):53\b")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that another program printed, its number counted from 1, and the names that the words show.

    The keys of ``names`` are those of `pytest_acrauth.catalogue.facts`; every value was validated as what it is called.
    ``assured`` is False for words that others say as well, where no host beside them tells who is meant; ``on_trust``
    tells that they count only because somebody who asks says that they are about a registry. ``from_registry`` tells
    that a host of a registry's stands in front of them, or in them, and so answered.
    """

    text: str
    number: int
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    assured: bool = True
    on_trust: bool = False
    from_registry: bool = False

    quoted = True
    broken = None
    shared_by = None

    @property
    def facts(self) -> Mapping[str, str]:
        return self.names

    @property
    def answer(self) -> str:
        return self.text

    @property
    def rows(self) -> tuple[Row, ...]:
        return (Row(f"line {self.number}", self.text),)


def recognise(text: str, *, climbed: Iterable[Transcript] = (), overheard: bool = False) -> tuple[Diagnosis, ...]:
    """Return what another program's output says about authenticating to an Azure registry, the best first.

    Whoever calls this asks about the text, and so says that it is about a registry: words count unless the text itself
    names something else. ``overheard`` is for what nobody asked about, such as the output of all tests: words that
    others say as well count only where a login server stands near (`diagnosis.around.counts`).

    One diagnosis for each symptom found. Best is what decides most: causes before their consequences, few candidates
    before many, and what says nothing about the registry last (`Diagnosis.note`); of equals, what the text says first.
    What this package itself concluded in the text comes before what others say there, as sure as it was said to be.
    A diagnosis whose ``seen.assured`` is False holds only if the text came from an Azure registry. Empty where the text
    proves nothing about one, about Entra or the clients' logins, such as the failure of another registry. Only the
    first 16 MiB are looked at.

    ``climbed`` is what was seen of registries in the run that printed the text. One whose challenge came exists under
    the name that was asked; by which way another program asks it, and whom that trusts, no climb tells.
    """
    exists = {each.target.registry.login_server for each in climbed if each.challenge is not None and each.challenge.ok}
    found = _read(text[:LIMIT], exists, overheard=overheard)
    if found or (whole := mended(text)) is None:
        return found
    return tuple(_numbered(each, whole[1]) for each in _read(whole[0], exists, overheard=overheard))


def _numbered(diagnosis: Diagnosis, numbers: Sequence[int]) -> Diagnosis:
    """Return a diagnosis of a mended text with the number that its line had before."""
    line = diagnosis.seen
    return (
        replace(diagnosis, seen=replace(line, number=numbers[line.number - 1])) if isinstance(line, Line) else diagnosis
    )


def _read(text: str, exists: Collection[str], *, overheard: bool) -> tuple[Diagnosis, ...]:
    said, others = own_output.read(text)
    printed = Printed(others)
    asked = not (overheard or said)
    seen = [
        (symptom, *place)
        for symptom in SYMPTOMS.values()
        if (place := _seen(symptom, printed, asked=asked)) is not None
    ]
    if any(not line.on_trust for _, _, line in seen):
        # Who asks is answered from what the text itself says of a registry, where it says anything.
        seen = [each for each in seen if not each[2].on_trust]
    seen.sort(key=lambda each: (each[1], each[0].id))  # whatever the order of the catalogue
    shown = {symptom.id for symptom, _, _ in seen}
    alone = {one.id for symptom, _, _ in seen for one in _TOGETHER.get(symptom, ())}
    diagnoses = [
        conclude(line, symptom, lambda question, line=line: _answer(question, line, exists))  # type: ignore[misc]
        for symptom, _, line in seen
        # Where one of those it could be is shown as well, the vague one is that very one.
        if symptom.id not in alone and not any(one.id in shown for one in symptom.either)
    ]
    ranked = sorted((each for each in diagnoses if each.candidates), key=_rank)
    # What is said of words that stand there themselves, such as those of a failure, is told from them.
    here = {_means(each) for each in ranked}
    own = [each for each in map(_own, said) if _means(each) not in here]
    concluded = {each.symptom.id for each in own}
    ranked = [each for each in ranked if each.symptom.id not in concluded]
    return tuple(sorted([*own, *ranked], key=lambda diagnosis: diagnosis.note))


def named(line: Line, names: Mapping[str, str]) -> Line:
    """Return a line of which more is known than its text shows."""
    return replace(line, names=completed({**line.names, **names}))


def _means(diagnosis: Diagnosis) -> tuple[object, ...]:
    return diagnosis.symptom.id, diagnosis.certainty, tuple(mode.id for mode in diagnosis.candidates)


def _own(said: own_output.Said) -> Diagnosis:
    """Return what this package concluded, with the names that its words show."""
    printed = Printed(f"{said.text} {said.why}")
    host = printed.nearest(0, len(printed.flat))
    registry = host if host and host.place is Place.REGISTRY else printed.registry_before(len(printed.flat))
    names: dict[str, str] = {}
    for name, value in (*said.names, *named_in(printed.flat), *_of(registry, host)):
        if name not in names and (good := checked(name, value or "")):
            names[name] = good
    line = Line(Printed(said.text).line(0)[1], said.number, completed(names))
    verdict = Verdict.YES if said.certainty is Certainty.PROVEN else Verdict.UNKNOWN
    findings = (
        Finding(mode=mode, verdict=verdict, answers=tuple(_answer(question, line) for question in mode.questions))
        for mode in said.modes
    )
    return Diagnosis(seen=line, symptom=said.symptom, findings=tuple(findings))


def _rank(diagnosis: Diagnosis) -> tuple[int, int]:
    follows = _FOLLOWS.index(diagnosis.symptom) + 1 if diagnosis.symptom in _FOLLOWS else 0
    return (len(_FOLLOWS) + 1 if diagnosis.note else follows), len(diagnosis.candidates)


def _seen(symptom: Symptom, printed: Printed, *, asked: bool) -> tuple[int, Line] | None:
    """Return where a text first shows a symptom: the offset, and the line with every name that its words hold."""
    every = [
        (*found, words.where) for words in symptom.texts if (found := _first(words, printed, asked=asked)) is not None
    ]
    matches = [each for each in every if each[3] is not Counts.ON_TRUST] or every
    if not matches:
        return None
    first = min(found[0].start() for found in matches)
    names: dict[str, str] = {}
    for match, registry, host, _, _ in sorted(matches, key=lambda found: found[0].start()):
        for name, value in (*match.groupdict().items(), *_around(printed, match), *_of(registry, host)):
            if value and name not in names and (good := checked(name, value)):
                names[name] = good
    number, text = printed.line(first)
    on_trust = matches[0][3] is Counts.ON_TRUST
    assured = not on_trust and any(
        host is not None or where is not Where.NOT_ELSEWHERE for _, _, host, _, where in matches
    )
    from_registry = any(
        "login_server" in match.groupdict() or (host is not None and host.place in _THEIRS and where not in _OF_SIGN_IN)
        for match, _, host, _, where in matches
    )
    return first, Line(text, number, completed(names), assured, on_trust, from_registry)


def _first(
    words: Words, printed: Printed, *, asked: bool
) -> tuple[re.Match[str], Host | None, Host | None, Counts] | None:
    """Return the first words that count, the login server that they are about, the host beside them, and how.

    Where none count by what stands around them, the first that count on trust.
    """
    on_trust = None
    for count, match in enumerate(printed.matches(words)):
        if words.where not in _OF_SIGN_IN or not about_another(printed.flat, match.start(), match.end()):
            host = printed.nearest(match.start(), match.end())
            how = counts(words.where, match.start(), host, printed, asked=asked and on_trust is None)
            if how is Counts.YES:
                registry = host if host and host.place is Place.REGISTRY else printed.registry_before(match.start())
                return match, registry, host, how
            if how is Counts.ON_TRUST:
                on_trust = match, None, None, how
        if count >= _FINDS:
            break
    return on_trust


def _around(printed: Printed, match: re.Match[str]) -> list[tuple[str, str]]:
    return named_in(printed.flat[max(0, match.start() - _NEAR) : match.end() + _NEAR])


def _of(registry: Host | None, host: Host | None) -> list[tuple[str, str]]:
    named = [("login_server", registry.name)] if registry else []
    if host and host.place in {Place.DATA, Place.STORAGE}:
        named += [("redirect", host.name), ("login_server", _DATA.sub(".", host.name))]
    return named


#: What is known of a login server that answered, by the questions that ask it.
_OF_EXISTING: Mapping[str, bool] = {"login-server-exists": True, "host-exists": True, "login-server-hash": False}


def _answer(question: Question[Any], line: Line, exists: Collection[str] = ()) -> Answer[Any]:
    """Answer a question from a text's names and the login servers that exist, or say that a text cannot."""
    if line.names.get("login_server") in exists and question.id in _OF_EXISTING:
        return Answer(question, _OF_EXISTING[question.id], who=THIS_RUN)
    value: object = None
    match question.id:
        case "client-ip":
            value = line.names.get("client_ip")
        case "login-server-host":
            value = line.names.get("login_server")
        case "regional-endpoint" if server := line.names.get("login_server"):
            value = None if Registry.parse(server).region else "none was asked"
        case "public-names" if _PUBLIC_RESOLVER.search(line.text):
            value = True
        case "registry-answered" if line.from_registry:  # what is printed of a registry's refusal is taken at its word
            value = True
        case "entra-says":
            value = topic_of(line.text)
        case "entra-times":
            value = times_in(line.text)
        case "wanted-actions":
            value = tuple(dict.fromkeys(_REFUSED_RIGHT.findall(line.text))) or None
        case "user-kind" if "user_name" in line.names and "registry" in line.names:
            value = kind_of_user(line.names["user_name"], line.names["registry"])
    if value is None:
        return Answer(question, None, why=NOT_IN_TEXT)
    return Answer(question, value, who=THIS_TEXT)
