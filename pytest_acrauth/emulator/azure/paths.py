"""What a request to ARM is about: the resource, and the action that a role must allow on it."""

from __future__ import annotations

from dataclasses import dataclass

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}
# Reads that are asked with POST, because they have a body.
_READS = ("Microsoft.ContainerRegistry/checkNameAvailability", "Microsoft.ResourceGraph/resources")
_NAMESPACES = {name.lower(): name for name in ("Microsoft.ContainerRegistry", "Microsoft.Authorization")}


@dataclass(frozen=True)
class Asked:
    """A request's path taken apart.

    ``scope`` is the resource an action is on: itself, or for a collection what it belongs to. ``base`` is what a
    resource of another namespace is attached to, '' where nothing. ``kinds`` and ``names`` are what follows the
    namespace; a collection has one name less.
    """

    method: str
    scope: str
    base: str
    namespace: str
    kinds: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The full type in lower case, such as ``microsoft.containerregistry/registries/tokens``."""
        return "/".join((self.namespace, *self.kinds)).lower()

    @property
    def collection(self) -> bool:
        """Whether it is about all of a type, or an operation."""
        return len(self.names) < len(self.kinds)

    @property
    def action(self) -> str:
        """The action that a role must allow."""
        whole = "/".join((_NAMESPACES.get(self.namespace.lower(), self.namespace), *self.kinds))
        return f"{whole}/{'read' if whole in _READS else _VERBS.get(self.method, 'action')}"

    @property
    def subscription(self) -> str | None:
        """The id of the subscription that it lies in."""
        parts = self.scope.split("/")
        return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else None

    @property
    def group(self) -> str | None:
        """The name of the resource group that it lies in."""
        parts = self.scope.split("/")
        return parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else None


def taken_apart(method: str, path: str) -> Asked:
    """Take a request's path apart; the spelling of what it names is kept, as ARM's messages do."""
    base, mark, rest = _rpartition(path.rstrip("/"))
    if not mark:
        return _of_subscriptions(method, path.rstrip("/"))
    namespace, *parts = rest.split("/")
    kinds, names = tuple(parts[::2]), tuple(parts[1::2])
    scope = path.rstrip("/")
    if len(names) < len(kinds):
        # A collection belongs to its parent; the first of a namespace to what the namespace is attached to.
        scope = scope.rpartition("/")[0] if names else base
    return Asked(method, scope or "/", base, namespace, kinds, names)


def _rpartition(path: str) -> tuple[str, bool, str]:
    place = path.lower().rfind("/providers/")
    return (path, False, "") if place < 0 else (path[:place], True, path[place + len("/providers/") :])


def _of_subscriptions(method: str, path: str) -> Asked:
    """Take a path apart that leads to a subscription, a resource group, or the lists of either."""
    parts = path.strip("/").split("/")
    kinds, names = tuple(parts[::2]), tuple(parts[1::2])
    scope = path if len(names) == len(kinds) else path.rpartition("/")[0]
    return Asked(method, scope or "/", "", "Microsoft.Resources", kinds, names)
