"""Role definitions: the built-in ones that bear on registries, and what a definition allows.

Ids and actions: learn.microsoft.com, Azure built-in roles for containers, and the registry's pages on its roles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

REGISTRIES = "Microsoft.ContainerRegistry/registries"
INTERFACES = "Microsoft.Network/networkInterfaces"


@dataclass(frozen=True)
class Role:
    """A role definition: what it allows on the management plane and on data, as patterns of full action names."""

    id: str
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    built_in: bool = True

    def allows(self, action: str) -> bool:
        """Whether it allows a management action."""
        return matches(action, self.actions) and not matches(action, self.not_actions)

    def allows_data(self, action: str) -> bool:
        """Whether it allows a data action."""
        return matches(action, self.data_actions)

    @property
    def as_counted(self) -> Role:
        """What registries make of it: they honour the wildcards of Azure's own roles, and of no other."""
        if self.built_in:
            return self
        return replace(self, actions=_plain(self.actions), data_actions=_plain(self.data_actions))


def _plain(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(pattern for pattern in patterns if "*" not in pattern)


def matches(action: str, patterns: tuple[str, ...]) -> bool:
    """Whether an action is among these, which may have wildcards."""
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def _below(*actions: str) -> tuple[str, ...]:
    return tuple(f"{REGISTRIES}/{action}" for action in actions)


_READ = ("repositories/content/read", "repositories/metadata/read")
_WRITE = (*_READ, "repositories/content/write", "repositories/metadata/write")
_DELETE = (*_WRITE, "repositories/content/delete", "repositories/metadata/delete")
_DENIED_TO_CONTRIBUTORS = (
    "Microsoft.Authorization/*/Delete",
    "Microsoft.Authorization/*/Write",
    "Microsoft.Authorization/elevateAccess/Action",
)
_CACHE = ("cacheRules/read", "credentialSets/read")
_PARTS = ("tokens/read", "scopeMaps/read", "privateEndpointConnections/read", "replications/read")
_SETTINGS = _below("read", *_PARTS, *_CACHE)
_EVIDENCE = (
    *_SETTINGS,
    "Microsoft.Authorization/roleAssignments/read",
    # An assignment names its role by id alone: without this, what a custom role allows cannot be read.
    "Microsoft.Authorization/roleDefinitions/read",
    "Microsoft.Authorization/denyAssignments/read",
    # Which addresses a private endpoint has, its network interface alone tells.
    f"{INTERFACES}/read",
)

BUILT_IN = {
    "AcrPull": Role("7f951dda-4ed3-4680-a7ca-43fe172d538d", _below("pull/read")),
    "AcrPush": Role("8311e382-0749-4cb8-b61a-304f252e45ec", _below("pull/read", "push/write")),
    "AcrDelete": Role("c2f4ef07-c644-48eb-af81-4b1b4947fb11", _below("artifacts/delete")),
    "Container Registry Repository Reader": Role("b93aa761-3e63-49ed-ac28-beffa264f7ac", (), _below(*_READ)),
    "Container Registry Repository Writer": Role("2a1e307c-b015-4ebd-883e-5b7698a07328", (), _below(*_WRITE)),
    "Container Registry Repository Contributor": Role("2efddaa5-3f1f-4df3-97df-af3f13818f4c", (), _below(*_DELETE)),
    "Container Registry Repository Catalog Lister": Role(
        "bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7", (), _below("catalog/read")
    ),
    "Container Registry Configuration Reader and Data Access Configuration Reader": Role(
        "69b07be0-09bf-439a-b9a6-e73de851bd59", (*_SETTINGS, *_below("listCredentials/action"))
    ),
    "Owner": Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", ("*",)),
    "Contributor": Role("b24988ac-6180-42a0-ab88-20f7382dd24c", ("*",), not_actions=_DENIED_TO_CONTRIBUTORS),
    "Reader": Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", ("*/read",)),
}

#: The healthy world's custom role: all that evidence reads, each action by its name, no secret and no image.
EVIDENCE = "Registry Evidence Reader"
EVIDENCE_ROLE = Role("d3a2c1b0-5e4f-4a6b-8c7d-9e0f1a2b3c4d", _EVIDENCE, built_in=False)
