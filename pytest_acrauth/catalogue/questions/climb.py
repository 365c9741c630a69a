"""What can be asked of the climb itself to tell causes apart, by more than one family of them.

``by_hand`` is a format string over the facts, like every text here.
"""

from __future__ import annotations

from enum import StrEnum

from pytest_acrauth.catalogue.facts import at_storage, reply
from pytest_acrauth.catalogue.shape import Break, Command, Question
from pytest_acrauth.catalogue.symptoms.addresses import is_private, through_private_link
from pytest_acrauth.catalogue.symptoms.answers import has_its_mark, said_by_acr
from pytest_acrauth.model.credential import Kind, kind_of_user
from pytest_acrauth.model.observation import AccessToken, Dns
from pytest_acrauth.model.target import GUID


class NameShape(StrEnum):
    """What a user name looks like."""

    REGISTRY = "the registry's name"
    CAPITALS = "the registry's name, with capital letters"
    HOST = "a host name"
    MAIL = "an e-mail address"
    GUID = "a GUID"
    PLAIN = "a plain name"


def access_token_of(broken: Break) -> AccessToken | None:
    """Return the access token that a rung is about: its repository's, else the one asked for without any."""
    return broken.access.access_token if broken.access else broken.transcript.access_token


def _chain(broken: Break) -> tuple[str, ...] | None:
    dns = broken.transcript.dns
    return dns.resolution.chain if isinstance(dns, Dns) and dns.resolution else None


def _addresses(broken: Break) -> tuple[str, ...] | None:
    dns = broken.transcript.dns
    return dns.resolution.addresses or None if isinstance(dns, Dns) and dns.resolution else None


def name_shape(broken: Break) -> NameShape | None:
    """Return what the user name looks like, None where there is none."""
    name, registry = broken.transcript.credential.user_name, broken.transcript.target.registry
    if not name:
        return None
    if name.lower() == registry.name:
        return NameShape.REGISTRY if name == registry.name else NameShape.CAPITALS
    if "@" in name:
        return NameShape.MAIL
    if name.lower().endswith(registry.cloud.registry_suffix) or name.lower() == registry.login_server:
        return NameShape.HOST
    return NameShape.GUID if GUID.fullmatch(name) else NameShape.PLAIN


def _taken_for(broken: Break) -> Kind | None:
    """Answer by the name, which decides whom the registry takes somebody for, whatever the user was declared to be.

    Which of two is meant where a scope-map token has the admin user's name is not documented.
    """
    facts, shape = broken.transcript.credential, name_shape(broken)
    if facts.kind is Kind.SCOPE_MAP_TOKEN and shape is NameShape.REGISTRY:
        return None
    if facts.kind is Kind.ADMIN and facts.declared and shape is not NameShape.REGISTRY:
        return kind_of_user(facts.user_name, broken.transcript.target.registry.name)
    return facts.kind


def _marked(broken: Break) -> bool | None:
    """Answer by a header that registries send, or by words that only ACR says, such as the address of a page of its.

    An error body alone is none: mirrors of every make have the same. Azure Storage has marks of its own.
    """
    answered = reply(broken)
    if answered is None or at_storage(broken):
        return answered and has_its_mark(broken, answered)
    return answered.from_registry or said_by_acr(answered)


ALIASES: Question[tuple[str, ...]] = Question(
    id="aliases",
    asks="Which aliases lead from the login server's name to its address?",
    shows="aliases of the login server",
    by_hand=Command("nslookup {login_server}"),
    read=_chain,
)
ADDRESSES: Question[tuple[str, ...]] = Question(
    id="addresses",
    asks="Which addresses does the login server have from here?",
    shows="addresses of the login server",
    by_hand=Command("nslookup {login_server}"),
    read=_addresses,
)
THROUGH_PRIVATE_LINK = ALIASES.where("through the private link zone", through_private_link)
PRIVATE_ADDRESS = ADDRESSES.where("private ones", lambda found: all(map(is_private, found)))
PUBLIC_ADDRESS = ADDRESSES.where("not only private ones", lambda found: not all(map(is_private, found)))
USER_KIND: Question[Kind] = Question(
    id="user-kind",
    asks="What kind of credential is it?",
    shows="kind of credential",
    by_hand="A GUID is an application, the registry's name the admin user, another name a scope-map token.",
    read=_taken_for,
)
REGISTRY_ANSWERED: Question[bool] = Question(
    id="registry-answered",
    asks="Does the answer have a mark that only Azure's registries, or their storage, give it?",
    shows="mark of the registry",
    by_hand=(
        "Repeat the request with curl -v: a registry of Azure's answers with X-Ms-Correlation-Request-Id, its storage"
        " with X-Ms-Request-Id."
    ),
    read=_marked,
)
#: That its causes are ruled out but one proves that one only if the registry itself refused: without a mark, anything
#: in between may have.
REFUSED_BY_REGISTRY = REGISTRY_ANSWERED.where("yes", lambda marked: marked or None)
