"""What can be seen in print only: lists, pushes and requests of a program's own, which no climb makes."""

from __future__ import annotations

from pytest_acrauth.catalogue.symptoms.words import anywhere, at_registry, in_print, not_elsewhere

# A refused right as the registry's answer names it; other registries have a class between type and name.
_CATALOG = r'"Type" ?: ?"registry" ?, ?"Name" ?: ?"catalog"|"Name" ?: ?"catalog" ?, ?"Type" ?: ?"registry"'
# No request for an access token stands between.
_UNEXCHANGED = r"(?:(?!oauth2/token).)"

CATALOG_REFUSED = in_print(
    "catalog-refused",
    "{login_server} does not let the caller list its repositories.",
    not_elsewhere(
        _CATALOG,
        r"\[map\[Action:\* Name:catalog Type:registry\]\]",
        r'scope="registry:catalog:\*",error="insufficient_scope"',
    )
    # A trace of requests goes on after the first 401, to an answer.
    + at_registry(
        r"/v2/_catalog\b(?:(?!/v2/).){0,300}?\b(?:401|[Uu]nauthorized|UNAUTHORIZED)\b"
        r"(?!.{0,3000}?(?:HTTP/1\.[01] |[Ss]tatus: ['\"]| )20\d (?:OK|\Z))"
    ),
)
UPLOAD_REFUSED = in_print(
    "upload-refused",
    "{login_server} let an upload begin, and refused a later part of it.",
    at_registry(
        r"\b(?:PUT|PATCH)\b.{0,40}?/v2/[\w./-]{1,255}?/blobs/uploads/[\w-]{8,80}\b.{0,900}?"
        r"(?:\b401\b|UNAUTHORIZED|[Uu]nauthorized)",
    ),
)
TOKEN_AS_BEARER = in_print(
    "token-as-bearer",
    "What az acr login --expose-token handed out was sent to {login_server} as an access token, and refused.",
    at_registry(
        rf"--expose-token{_UNEXCHANGED}{{0,900}}?Authorization: ?Bearer{_UNEXCHANGED}{{0,600}}?"
        r"(?:\b401\b|UNAUTHORIZED|[Uu]nauthorized)",
    ),
)
PUSHED_PART_UNKNOWN = in_print(
    "pushed-part-unknown",
    "{login_server} does not know a part of what was being pushed.",
    at_registry(
        r"\bMANIFEST_BLOB_UNKNOWN\b|manifest blob unknown",
        r"\bBLOB_UPLOAD_(?:UNKNOWN|INVALID)\b|blob upload (?:unknown|invalid)",
    ),
)
OTHER_CLOUDS_SUFFIX = in_print(
    "suffix-of-another-cloud",
    "az is set to another Azure cloud than the one that the login server's suffix is of.",
    anywhere(r"login server suffix is not valid for the current cloud"),
)
