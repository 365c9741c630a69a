"""How a symptom lists the words of foreign programs, by what must stand around them to count.

Patterns are written over text in which every run of white space is one space and escapes of JSON are undone. A gap is
bounded (``.{0,80}?``), so that no text makes a pattern slow.
"""

from __future__ import annotations

from pytest_acrauth.catalogue.shape import Symptom, Where, Words, unseen

#: Behind Node's word for a failed connection: the address of something else, told by its port.
NOT_HTTPS = r"(?! [\[\]\w.:]{1,60}:(?!443\b)\d)"
GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
#: Behind a resolver's complaint: the name that it is about, where it is told.
ITS_NAME = r"(?:[:.]? [('\"]{0,2}[\w.*<>{}$-]{1,253})?"

# Whose container registry it is, where it is not Azure's; Alibaba's is called ACR as well.
_VENDORS = (
    *("gitlab", "github", "google", "cloud", "elastic", "digitalocean", "oracle", "tencent", "scaleway", "yandex"),
    *("huawei", "quay", "harbor", "nexus", "artifactory", "jfrog", "red hat", "openshift", "gitea", "self-hosted"),
    *("local", "alibaba", "aliyun"),
)
_NO_VENDORS = "".join(f"(?<!(?i:{vendor}) )" for vendor in _VENDORS)
#: What tells that words which others say as well are about a registry of Azure's.
OURS = (
    rf"(?:Microsoft\.ContainerRegistry\b|{_NO_VENDORS}[Cc]ontainer[ _-]?[Rr]egistr"
    r"|(?<!search )\b[Rr]egistries\b(?!\.(?:conf|d)\b)|azurecr\.|\baz acr\b"
    # in the tokens of others, ACR is how somebody signed in
    rf"|{_NO_VENDORS}\bACR\b(?! (?:level|claim|value)))"
)
_BESIDE = r".{0,300}?"

#: What programs write before a status, but for the kubelet of a container that it asks how it is.
STATUS = r"(?<!probe failed with )(?:status|Status|[Ss]tatus ?[Cc]ode)[:=]? ?"


def anywhere(*patterns: str) -> tuple[Words, ...]:
    """Words that nobody else says."""
    return _words(Where.ANYWHERE, patterns)


def at_registry(*patterns: str) -> tuple[Words, ...]:
    """Words that count where the nearest host is a login server."""
    return _words(Where.REGISTRY, patterns)


def not_elsewhere(*patterns: str) -> tuple[Words, ...]:
    """Words that count unless they are about another host than a login server."""
    return _words(Where.NOT_ELSEWHERE, patterns)


def not_at_service(*patterns: str) -> tuple[Words, ...]:
    """Words of a credential, which count unless they are about another service of Azure than registries."""
    return _words(Where.NOT_AT_SERVICE, patterns)


def at_sign_in(*patterns: str) -> tuple[Words, ...]:
    """Words of Entra, which count unless what stands around shows that the token was wanted for something else."""
    return _words(Where.SIGN_IN, patterns)


def at_management(*patterns: str) -> tuple[Words, ...]:
    """Words that count where the nearest host is the management plane's or the directory's."""
    return _words(Where.MANAGEMENT, patterns)


def at_authority(*patterns: str) -> tuple[Words, ...]:
    """Words that count where the nearest host is an Entra authority."""
    return _words(Where.AUTHORITY, patterns)


def at_storage(*patterns: str) -> tuple[Words, ...]:
    """Words that count where the nearest host is blob storage, of layers by its address or by a login server before."""
    return _words(Where.STORAGE, patterns)


def at_data_endpoint(*patterns: str) -> tuple[Words, ...]:
    """Words that count where the nearest host is a registry's data endpoint."""
    return _words(Where.DATA, patterns)


def at_layers(*patterns: str) -> tuple[Words, ...]:
    """Words that count at either host of layers: blob storage, or a data endpoint of the registry's own."""
    return _words(Where.LAYERS, patterns)


def at_any_host(*patterns: str) -> tuple[Words, ...]:
    """Words that count where the nearest host is the registry's, Entra's, or one of the layers."""
    return at_registry(*patterns) + at_authority(*patterns) + at_layers(*patterns)


def beside(signs: str, *patterns: str) -> tuple[str, ...]:
    """Return patterns for words that count where one of some signs stands not far before or behind them."""
    return tuple(
        each for words in patterns for each in (f"(?:{signs}){_BESIDE}(?:{words})", f"(?:{words}){_BESIDE}(?:{signs})")
    )


def aadsts(*numbers: int, not_before: str = "") -> tuple[Words, ...]:
    """Entra's codes as every client prints them: in the description, in the list of codes, in the help's address.

    With ``not_before``, which is about the words that follow the code, in the description only.
    """
    either = "|".join(map(str, numbers))
    number = rf"(?P<aadsts>{either})\b"
    if not_before:
        return at_sign_in(rf"AADSTS{number}(?!{not_before})")
    return at_sign_in(rf"AADSTS{number}", rf'error_codes" ?: ?\[ ?{number}', rf"error\?code={number}")


def in_print(name: str, says: str, texts: tuple[Words, ...], *, either: tuple[Symptom, ...] = ()) -> Symptom:
    """Return a symptom that neither a climb nor a client check shows, but what another program printed."""
    return Symptom(id=name, stages=(), when=unseen, says=says, texts=texts, either=either)


def _words(where: Where, patterns: tuple[str, ...]) -> tuple[Words, ...]:
    return tuple(Words(pattern, where) for pattern in patterns)
