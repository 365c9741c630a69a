"""What can be asked of the climb itself to tell causes apart, by more than one family of them.

``by_hand`` is a format string over the facts, like every text here.
"""

from __future__ import annotations

from enum import StrEnum

from pytest_acrauth.catalogue.shape import Break, Command, Question
from pytest_acrauth.catalogue.symptoms.addresses import is_private, through_private_link
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.observation import AccessToken, Dns
from pytest_acrauth.model.target import GUID, Flow


class NameShape(StrEnum):
    """What a user name looks like."""

    REGISTRY = "the registry's name"
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


def _name_shape(broken: Break) -> NameShape | None:
    name, registry = broken.transcript.credential.user_name, broken.transcript.target.registry
    if not name:
        return None
    if name.lower() == registry.name:
        return NameShape.REGISTRY
    if "@" in name:
        return NameShape.MAIL
    if name.lower().endswith(registry.cloud.registry_suffix) or name.lower() == registry.login_server:
        return NameShape.HOST
    return NameShape.GUID if GUID.fullmatch(name) else NameShape.PLAIN


def _fresh(broken: Break) -> bool | None:
    credential = broken.transcript.credential
    if broken.transcript.target.identity.flow is Flow.ENTRA:
        # With a secret of one's own Entra itself is asked; without, the machine may hand out what a cache holds.
        return None if credential.secret is SecretShape.NONE else True
    return None if credential.kind is Kind.REFRESH_TOKEN else True


ALIASES: Question[tuple[str, ...]] = Question(
    id="aliases",
    asks="Which aliases lead from the login server's name to its address?",
    by_hand=Command("nslookup {login_server}"),
    read=_chain,
)
ADDRESSES: Question[tuple[str, ...]] = Question(
    id="addresses",
    asks="Which addresses does the login server have from here?",
    by_hand=Command("nslookup {login_server}"),
    read=_addresses,
)
THROUGH_PRIVATE_LINK = ALIASES.where("through the private link zone", through_private_link)
PUBLIC_ADDRESS = ADDRESSES.where("not only private ones", lambda found: not all(map(is_private, found)))
USER_KIND: Question[Kind] = Question(
    id="user-kind",
    asks="What kind of credential is it?",
    by_hand="A GUID is an application, the registry's name the admin user, another name a scope-map token.",
    read=lambda broken: broken.transcript.credential.kind,
)
USER_NAME: Question[NameShape] = Question(
    id="user-name-shape",
    asks="What does the user name look like?",
    by_hand="Compare the user name with the registry's name.",
    read=_name_shape,
)
FRESH: Question[bool] = Question(
    id="credential-fresh",
    asks="Was the credential obtained in this run, not taken from a cache?",
    by_hand="Sign in again and repeat the check.",
    read=_fresh,
)
