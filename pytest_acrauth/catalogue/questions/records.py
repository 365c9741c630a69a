"""What a look found, reduced to what a cause is judged by, and said in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from pytest_acrauth.catalogue.symptoms.addresses import is_private
from pytest_acrauth.model.evidence import (
    ApplicationFacts,
    EndpointAddresses,
    PasswordFacts,
    PrivateEndpoint,
    RegistryFacts,
    ScopeMapFacts,
    ScopeMapTokenFacts,
)

# Documented as "about a minute", which is no promise.
_PASSWORDS_TRAVEL = 2 * 60
# Documented as "immediately", and an access token of the minutes before goes on as it was issued.
_MAPS_TRAVEL = 10 * 60


def when(text: str) -> float | None:
    """Return an ISO 8601 date as seconds since the epoch, None for any other text."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


def date(text: str) -> str:
    """Return an ISO 8601 date as it is printed, to the minute."""
    seconds = when(text)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC") if seconds is not None else text


@dataclass(frozen=True, slots=True)
class Networks:
    """Which networks a registry admits."""

    record: RegistryFacts

    @property
    def public(self) -> bool:
        """Whether any public network is admitted."""
        return self.record.public_network_access != "Disabled"

    @property
    def selected(self) -> bool:
        """Whether only those networks are admitted that a rule names."""
        return self.public and self.record.default_action == "Deny"

    def admits(self, address: str | None) -> bool | None:
        """Whether the rules admit an address; None where that depends on what is not known.

        An address of a private network is admitted by rules for virtual networks, which the record no longer shows.
        """
        if not self.selected:
            return self.public
        return (
            any(_covers(rule, address) for rule in self.record.ip_rules)
            if address and not is_private(address)
            else None
        )

    def __str__(self) -> str:
        rules = ", ".join(self.record.ip_rules) or "none"
        changed = f"; changed {date(self.record.modified)}" if self.record.modified else ""
        return (
            f"public access {self.record.public_network_access or 'Enabled'}, default action "
            f"{self.record.default_action or 'Allow'}, address rules {rules}{changed}"
        )


def _covers(rule: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(rule, strict=False)
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Endpoints:
    """A registry's private endpoint connections."""

    record: RegistryFacts

    @property
    def any(self) -> bool:
        return bool(self.record.private_endpoints)

    @property
    def approved(self) -> bool:
        """Whether one of them may carry traffic."""
        return self.has("Approved")

    def has(self, status: str) -> bool:
        """Whether one of them is in a state."""
        return any(each.status == status for each in self.record.private_endpoints)

    def __str__(self) -> str:
        return ", ".join(f"{each.name} {each.status}" for each in self.record.private_endpoints) or "none"


@dataclass(frozen=True, slots=True)
class Dialled:
    """The addresses that were dialled beside those of a registry's private endpoints, as far as these are known."""

    record: RegistryFacts
    addresses: tuple[str, ...]
    known: tuple[EndpointAddresses, ...]

    @property
    def own(self) -> tuple[PrivateEndpoint, ...]:
        """The connections of those endpoints that have one of the addresses."""
        return tuple(each for each in self.record.private_endpoints if set(self._of(each) or ()) & set(self.addresses))

    @property
    def unread(self) -> tuple[PrivateEndpoint, ...]:
        """The connections whose endpoints' addresses are not known: each may have one of those that were dialled."""
        return tuple(each for each in self.record.private_endpoints if not self._of(each))

    @property
    def nobodys(self) -> bool | None:
        """Whether no endpoint of the registry has any of the addresses; None where that depends on an unread one."""
        return False if self.own else None if self.unread else True

    def is_(self, status: str) -> bool | None:
        """Whether an endpoint that was dialled is in a state; None where that depends on an unread one."""
        if any(each.status == status for each in self.own):
            return True
        waiting = not self.own and any(each.status == status for each in self.unread)
        return None if waiting else False

    def _of(self, connection: PrivateEndpoint) -> tuple[str, ...] | None:
        """Return the addresses of a connection's endpoint, None where they are not known."""
        wanted = connection.endpoint.lower()
        return next((each.addresses for each in self.known if wanted and each.endpoint.lower() == wanted), None)

    def __str__(self) -> str:
        own = [f"{each.name} ({each.status})" for each in self.own]
        unread = [f"{each.name} ({each.status}), if its address is one of them" for each in self.unread if not own]
        return ", ".join(own or unread) or "none"


@dataclass(frozen=True, slots=True)
class DataHosts:
    """A registry's dedicated data endpoints: one in its home region, and one for each replica."""

    record: RegistryFacts

    def has(self, host: str) -> bool | None:
        """Whether a data host is one of them; None where the record does not list them."""
        listed = [each.lower() for each in self.record.data_hosts]
        return host in listed if listed or not self.enabled else None

    def of_replica(self, host: str) -> bool | None:
        """Whether a data host is that of a replica, not of the home region; None where the record does not tell."""
        home = self.record.location.replace(" ", "").lower()
        if not home:
            return None
        return False if host.split(".")[1:2] == [home] else self.has(host)

    @property
    def enabled(self) -> bool:
        return bool(self.record.data_endpoint_enabled)

    def __str__(self) -> str:
        return ", ".join(self.record.data_hosts) if self.enabled and self.record.data_hosts else "none"


@dataclass(frozen=True, slots=True)
class TokenState:
    """A scope-map token's state at the moment of the climb, by the services' clock; None where that is not known.

    ``asked`` is the name by which a client asked for it, '' where that is not known.
    """

    token: ScopeMapTokenFacts
    moment: float | None
    asked: str = ""

    @property
    def found(self) -> bool:
        return self.token.found

    @property
    def spelt_otherwise(self) -> bool:
        """Whether there is one whose name differs in small and capital letters."""
        return self.token.found and bool(self.asked) and self.token.name not in {"", self.asked}

    @property
    def nobodys(self) -> bool:
        """Whether the name that was asked for is no token's."""
        return not self.token.found or self.spelt_otherwise

    @property
    def usable(self) -> bool:
        """Whether it is there and enabled."""
        return self.token.found and self.token.enabled

    @property
    def passwords(self) -> tuple[PasswordFacts, ...]:
        return self.token.passwords if self.usable else ()

    @property
    def ended(self) -> tuple[PasswordFacts, ...]:
        """Its passwords that are past their end."""
        return tuple(each for each in self.passwords if _past(each.expiry, self.moment))

    @property
    def all_ended(self) -> bool | None:
        """Whether it has passwords, and each is past its end; None where some are, or that is not known.

        Which of them a client holds nothing tells.
        """
        if self.moment is None and any(each.expiry for each in self.passwords):
            return None
        if not self.ended:
            return False
        return True if len(self.ended) == len(self.passwords) else None

    @property
    def fresh(self) -> bool:
        """Whether a password is so new that it may not be known everywhere."""
        made = (when(each.created) for each in self.passwords if each not in self.ended)
        now = self.moment
        return now is not None and any(one is not None and now - one < _PASSWORDS_TRAVEL for one in made)

    @property
    def new(self) -> bool:
        """Whether the token itself is so new that it may not be known everywhere."""
        made = when(self.token.created)
        return made is not None and self.moment is not None and self.moment - made < _PASSWORDS_TRAVEL

    @property
    def spare(self) -> str:
        """The name of a password that nobody can be using, ended or never made; '' where each may be in use."""
        used = {each.name for each in self.token.passwords if each not in self.ended}
        return next((name for name in ("password1", "password2") if name not in used), "") if all(used) else ""

    def __str__(self) -> str:
        if not self.token.found:
            return "it does not exist"
        state = "enabled" if self.token.enabled else "disabled"
        each = map(self._said, self.token.passwords)
        if self.spelt_otherwise:
            state = f"it is spelt {self.token.name}, {state}"
        return "; ".join((state, *each)) if self.token.passwords else f"{state}, without password"

    def _said(self, password: PasswordFacts) -> str:
        made = f", made {date(password.created) or 'at an unknown time'}" if self.fresh else ""
        ends = f"{'ended' if password in self.ended else 'ends'} {date(password.expiry)}"
        return f"{password.name or 'a password'} {ends if password.expiry else 'without end'}{made}"


def _past(end: str, moment: float | None) -> bool:
    seconds = when(end)
    return seconds is not None and moment is not None and seconds <= moment


@dataclass(frozen=True, slots=True)
class MapState:
    """A scope map, and what it allows on the repository that a rung is about.

    ``moment`` is when the climb began by the services' clock, None where that is not known. ``granted`` tells that the
    access token grants something there all the same, as before the map was changed.
    """

    scope_map: ScopeMapFacts
    repository: str
    wanted: tuple[str, ...]
    moment: float | None
    granted: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is no such map, or nothing in it."""
        return not self.scope_map.found or not self.scope_map.actions

    @property
    def here(self) -> tuple[str, ...]:
        """What it allows on the repository, such as ``content/read``."""
        rights = (action.removeprefix("repositories/").rsplit("/", 2) for action in self.scope_map.actions)
        return tuple(
            f"{right[1]}/{right[2]}" for right in rights if len(right) == 3 and _named(right[0], self.repository)
        )

    @property
    def lacks(self) -> bool:
        """Whether the repository is in the map, or was, and something that is wanted is not."""
        known = bool(self.here) or (self.granted and self.scope_map.found)
        return known and not set(self.wanted) <= set(self.here)

    @property
    def just_enough(self) -> bool | None:
        """Whether all that is wanted is in the map, which was changed so lately that another one may have applied.

        None where nobody can say when it was changed.
        """
        if not self.here or self.lacks:
            return False
        changed = when(self.scope_map.modified)
        return None if changed is None or self.moment is None else self.moment - changed < _MAPS_TRAVEL

    def __str__(self) -> str:
        if not self.scope_map.found:
            return "it does not exist"
        changed = f"; changed {date(self.scope_map.modified)}" if self.scope_map.modified else ""
        return f"{self.scope_map.name}: {', '.join(self.here) or 'nothing'} on {self.repository}{changed}"


def _named(pattern: str, repository: str) -> bool:
    """Whether a name in a scope map is this repository: a wildcard counts alone, or at the end behind a slash."""
    return pattern in {repository, "*"} or (pattern.endswith("/*") and repository.startswith(pattern[:-1]))


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """The credentials of an application and its service principal at the moment of the climb.

    ``moment`` is by the services' clock, None where that is not known.
    """

    application: ApplicationFacts
    moment: float | None

    @property
    def certificate_only(self) -> bool:
        return bool(self.application.certificates) and not self.application.secrets

    @property
    def all_ended(self) -> bool:
        """Whether it has secrets, and every one is past its end."""
        return bool(self.application.secrets) and all(_past(each.end, self.moment) for each in self.application.secrets)

    def __str__(self) -> str:
        secrets = ", ".join(f"a secret that ends {date(each.end) or 'never'}" for each in self.application.secrets)
        more = ", ".join(f"a certificate that ends {date(each.end)}" for each in self.application.certificates)
        return ", ".join(filter(None, (secrets, more))) or "none"
