"""When an identity's credentials end: read from this machine's files, and from looks at Graph and Resource Manager.

Nothing here decides whether an end is near. The management plane itself is not loaded by this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pytest_acrauth.auth import BadAuth
from pytest_acrauth.auth.basic import PAIR
from pytest_acrauth.auth.certificates import BadCertificate, CertificateDates, dates_of_certificate
from pytest_acrauth.auth.federation import FILE, TOKEN, read_federated_token
from pytest_acrauth.auth.service_principal import CERTIFICATE, CERTIFICATE_PASSWORD, SECRET
from pytest_acrauth.auth.shape import Variables
from pytest_acrauth.model.claims import claims, expiry_of, issue_of
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.defect import Defect
from pytest_acrauth.model.evidence import ApplicationFacts, Look, Need, ScopeMapTokenFacts, SecretFacts
from pytest_acrauth.model.expiry import Dated, Ending, Expiring, ExpiryRecord, SignIn, dated, kind_of
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Flow
from pytest_acrauth.model.transcript import Transcript

_ELSEWHERE = "the application is another tenant's, and what it has there is not shown"
_AZ = "az does not tell whether it signed in with a client secret, a certificate or a federated token"
_NONE_SHOWN = "{who} shows no {what} of {whose}"


#: Takes looks, each for a climb, and returns them in the same order.
Ask = Callable[[Sequence[tuple[Need, Transcript]]], tuple[Look[Any], ...]]


def look_ahead(
    wanted: Sequence[tuple[Expiring, Transcript]], machine: Machine, secrets: Secrets, ask: Ask
) -> tuple[ExpiryRecord, ...]:
    """Return what is seen of the end of each credential, with the climb of its target; one look serves them all."""
    needs = {(need, climbed.target): (need, climbed) for one, climbed in wanted for need in needed(one, climbed)}
    missing = {key: pair for key, pair in needs.items() if _taken(*pair) is None}
    new = dict(zip(missing, ask(tuple(missing.values())), strict=True)) if missing else {}

    def looks(one: Expiring, climbed: Transcript) -> dict[Need, Look[Any]]:
        every = needed(one, climbed)
        return {need: _taken(need, climbed) or new[need, climbed.target] for need in every}

    return tuple(_seen(one, climbed, looks(one, climbed), machine, secrets) for one, climbed in wanted)


def _taken(need: Need, climbed: Transcript) -> Look[Any] | None:
    """Return a look that was taken for the climb, None where it was not."""
    look: Look[Any] | None = getattr(climbed.evidence, need)
    return look


def _seen(
    one: Expiring, climbed: Transcript, looks: Mapping[Need, Look[Any]], machine: Machine, secrets: Secrets
) -> ExpiryRecord:
    try:
        return seen(one, climbed, looks, machine, secrets)
    except Exception as error:  # noqa: BLE001 - a defect of ours: this credential's failure, and no other's
        defect = Defect.of(error, f"looking when the {one.kind} of {one.target.identity.name} ends", secrets=secrets)
        return ExpiryRecord(parts=one.parts, target=one.target, asked=one.kind, now=machine.now(), defect=defect)


def needed(one: Expiring, climbed: Transcript) -> tuple[Need, ...]:
    """Return the looks that tell when a credential ends, () where this machine holds all that does."""
    match _kind(one, climbed):
        case Ending.CLIENT_SECRET if _through_az(climbed):
            return Need.APPLICATION, Need.FEDERATED
        case Ending.CLIENT_SECRET | Ending.CERTIFICATE:
            return (Need.APPLICATION,)
        case Ending.SCOPE_MAP_PASSWORD:
            return (Need.SCOPE_MAP_TOKEN,)
    return ()


def seen(
    one: Expiring, climbed: Transcript, looks: Mapping[Need, Look[Any]], machine: Machine, secrets: Secrets
) -> ExpiryRecord:
    """Return what is seen of a credential's end, by the looks that are `needed`; why nobody could look is in it."""
    kind, facts = _kind(one, climbed), climbed.credential
    prefix = one.target.identity.prefix
    record = ExpiryRecord(
        parts=one.parts,
        target=one.target,
        asked=one.kind,
        now=machine.now(),
        kind=kind,
        sign_in=_sign_in(climbed),
        client_id=facts.client_id,
        user_name=facts.user_name,
        source=facts.source or _place(kind, one, Variables(prefix, machine.environ), secrets),
    )
    match kind:
        case None:
            return _without_end(record, climbed)
        case Ending.CERTIFICATE_FILE | Ending.FEDERATED_TOKEN:
            return _of_file(record, kind, Variables(prefix, machine.environ), secrets)
        case Ending.REFRESH_TOKEN:
            issued = facts.login.issued if facts.login is not None else None
            one_token = Dated("refresh token", starts=issued, ends=facts.secret_expires, held=True)
            why = "" if facts.secret_expires is not None else "it is no token that says when it ends"
            return replace(record, found=(one_token,) if not why else (), why=why)
        case Ending.SCOPE_MAP_PASSWORD:
            return _of_scope_map_token(record, looks[Need.SCOPE_MAP_TOKEN])
    own = _certificate_file(Variables(prefix, machine.environ)) if kind is Ending.CERTIFICATE else None
    record = _of_application(record, looks[Need.APPLICATION], own)
    return replace(record, unshown=_AZ) if _through_az(climbed) and _has_other_ways(looks) else record


def _kind(one: Expiring, climbed: Transcript) -> Ending | None:
    return kind_of(climbed.credential) if one.kind is Ending.STORED_LOGIN else one.kind


def _place(kind: Ending | None, one: Expiring, variables: Variables, secrets: Secrets) -> str:
    """Return where a credential is read from: the file that a variable names, else the variable."""
    files = {Ending.CERTIFICATE: CERTIFICATE, Ending.CERTIFICATE_FILE: CERTIFICATE, Ending.FEDERATED_TOKEN: FILE}
    suffix = files.get(kind, "") if kind is not None else ""
    if path := variables.value(suffix):
        return secrets.clean(path, 300)
    if kind is Ending.FEDERATED_TOKEN:
        return variables.name(TOKEN)
    return variables.name(suffix or (SECRET if one.target.identity.flow is Flow.ENTRA else PAIR[1]))


def _through_az(climbed: Transcript) -> bool:
    """Whether az holds the credential, which does not tell whether that is a secret, a certificate or neither."""
    facts = climbed.credential
    return facts.kind is Kind.SERVICE_PRINCIPAL and facts.secret is SecretShape.NONE


def _sign_in(climbed: Transcript) -> SignIn:
    """Return how the identity signed in: at Entra, else where the registry takes user name and password."""
    if climbed.target.identity.flow is Flow.ENTRA:
        entra = climbed.entra
        if entra is not None and entra.issued:
            return SignIn.PASSED
        return SignIn.REFUSED if entra is not None and entra.codes else SignIn.NOT_REACHED
    tokens = [climbed.access_token, *(access.access_token for access in climbed.accesses)]
    if any(token is not None and token.issued for token in tokens):
        return SignIn.PASSED
    refused = any(token is not None and token.reply is not None and token.reply.status == 401 for token in tokens)
    return SignIn.REFUSED if refused else SignIn.NOT_REACHED


def _without_end(record: ExpiryRecord, climbed: Transcript) -> ExpiryRecord:
    """Return the record of a stored login that has no end, or of one that was not read."""
    kind = climbed.credential.kind
    if kind in {Kind.ADMIN, Kind.ANONYMOUS}:
        return replace(record, found=(Dated(str(kind), held=True),))
    return replace(record, why=climbed.credential.source and f"{climbed.credential.source} did not tell what it holds")


def _of_file(record: ExpiryRecord, kind: Ending, variables: Variables, secrets: Secrets) -> ExpiryRecord:
    try:
        if kind is Ending.CERTIFICATE_FILE:
            read = _read_certificate(variables)
            own = Dated("", read.thumbprints[0].upper(), read.starts, read.ends, held=True)
        else:
            token = claims(secrets.add(read_federated_token(variables))) or {}
            own = Dated("token", "", issue_of(token), expiry_of(token), held=True)
    except (BadAuth, BadCertificate) as error:
        return replace(record, why=secrets.clean(str(error), 300))
    return replace(record, found=(own,)) if own.ends is not None else replace(record, why="it tells no end")


def _read_certificate(variables: Variables) -> CertificateDates:
    return dates_of_certificate(variables.read_file(CERTIFICATE), variables.value(CERTIFICATE_PASSWORD))


def _certificate_file(variables: Variables) -> tuple[str, ...]:
    """Return the thumbprints of the certificate that is held here, () where it cannot be read."""
    try:
        return _read_certificate(variables).thumbprints
    except (BadAuth, BadCertificate):
        return ()


def _of_scope_map_token(record: ExpiryRecord, look: Look[ScopeMapTokenFacts]) -> ExpiryRecord:
    token = look.value
    record = replace(record, who=look.who, why=look.why)
    if token is None:
        return record
    if not token.passwords:
        return replace(record, why=_NONE_SHOWN.format(who="Resource Manager", what="password", whose=record.user_name))
    found = tuple(dated(each.name, each.created, each.expiry) for each in token.passwords)
    return replace(record, found=found, why="")


def _has_other_ways(looks: Mapping[Need, Look[Any]]) -> bool:
    """Whether an application may have signed in without a secret: by a certificate or a federated token."""
    known, trusted = looks[Need.APPLICATION].value, looks[Need.FEDERATED].value
    return trusted is None or bool(trusted) or bool(known is not None and known.certificates)


def _of_application(record: ExpiryRecord, look: Look[ApplicationFacts], own: tuple[str, ...] | None) -> ExpiryRecord:
    """Return the record of an application's secrets, or of its certificates where ``own`` are thumbprints of one."""
    known = look.value
    record = replace(record, who=look.who, why=look.why)
    if known is None:
        return record
    listed = known.secrets if own is None else known.certificates
    if not listed:
        what = "client secret" if own is None else "certificate"
        why = _NONE_SHOWN.format(who="Graph", what=what, whose=record.client_id or record.user_name)
        return replace(record, why=why if known.home else _ELSEWHERE)
    held = [_is_held(each, own) for each in listed]
    if own is not None and True in held:  # what is held is one of them, and so none of the others
        held = [bool(each) for each in held]
    found = tuple(
        dated(each.name, each.start, each.end, key_id=each.key_id, held=is_held)
        for each, is_held in zip(listed, held, strict=True)
    )
    return replace(record, found=found, why="", unshown="" if known.home else _ELSEWHERE)


def _is_held(known: SecretFacts, own: tuple[str, ...] | None) -> bool | None:
    """Whether a credential is the one that is held here.

    That a secret begins in the same way proves nothing, and that it begins otherwise, all.
    """
    if own is None:
        return None if known.held is not False else False
    return True if not set(own).isdisjoint(known.thumbprints) else None
