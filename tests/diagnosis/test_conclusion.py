"""What a diagnosis is about: climbs, texts and client checks answer the same questions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from factories import SERVICE_PRINCIPAL, certificate, climb, observation, target
from specimens import CLIENT_SPECIMENS, SPECIMENS

from pytest_acrauth.catalogue.shape import Break
from pytest_acrauth.diagnosis.client import diagnose_client
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.model.observation import Attempt, Connection, Tcp, Trouble
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import Registry

DENIED = "step 1\ndenied: client with IP '20.1.2.3' is not allowed access"


def test_a_climb_is_about_its_break() -> None:
    """A climb's diagnosis has the transcript and the rung that broke."""
    seen = SPECIMENS["exchange-refused"]
    (found,) = diagnose(seen.transcript)
    assert isinstance(found.seen, Break)
    assert (found.broken.transcript, found.broken.rung) == (seen.transcript, Rung(Stage.EXCHANGE))


def test_a_text_is_about_its_line() -> None:
    """A text's diagnosis has the line and its number, and nothing that broke."""
    (found,) = recognise(DENIED)
    assert found.seen.number == 2
    assert found.seen.answer == DENIED.splitlines()[1]
    with pytest.raises(LookupError, match="denied-with-ip was not seen in a climb"):
        found.broken  # noqa: B018 - reading it is what fails


def test_a_client_check_is_about_its_record() -> None:
    """A client check's diagnosis has the record, and nothing that broke."""
    record = CLIENT_SPECIMENS["docker-not-found"]
    (found,) = diagnose_client(record)
    assert found.seen.record == record
    with pytest.raises(LookupError, match="docker-not-found was not seen in a climb"):
        found.broken  # noqa: B018 - reading it is what fails


def test_what_several_registries_share_is_told_by_the_same() -> None:
    """An identity that Entra refuses breaks every registry alike; the refusal of another identity is another matter."""
    refused = replace(observation(Stage.ENTRA), issued=False, claims=None, codes=(7000222,))
    own = target(SERVICE_PRINCIPAL)
    other = replace(own, registry=Registry.parse("otheracr"))
    stranger = replace(own, identity=replace(SERVICE_PRINCIPAL, name="stranger"))
    first, second, third = (diagnose(climb(Stage.ENTRA, refused, chosen=aim))[0] for aim in (own, other, stranger))
    assert first.seen.shared_by == second.seen.shared_by
    assert first.seen.shared_by != third.seen.shared_by


def test_a_resolver_is_shared_and_a_name_is_not() -> None:
    """A resolver that answers for no name breaks every registry; a missing name, and a firewall, are one registry's."""
    shared = {symptom: diagnose(seen.transcript)[0].seen.shared_by for symptom, seen in SPECIMENS.items()}
    assert shared["resolver-failed"] == ()
    assert (shared["nxdomain"], shared["denied-with-ip"]) == (None, None)


def test_a_network_that_is_not_there_is_shared_by_both_legs() -> None:
    """Where no route leads to Entra either, it is not the registry's; where Entra is reached, it is."""
    alone = SPECIMENS["no-route"].transcript
    entra = observation(Stage.ENTRA)
    lost = Tcp(host="login.microsoftonline.com", port=443, attempts=(Attempt("20.0.0.9", Trouble.UNREACHABLE),))
    way = Connection(host=lost.host, tcp=lost)
    nowhere = replace(alone, entra=replace(entra, issued=False, connection=way, trouble=Trouble.UNREACHABLE))
    assert [each.seen.shared_by for each in diagnose(alone)] == [None]
    assert [each.seen.shared_by for each in diagnose(nowhere)] == [(), ()]


def test_who_opens_tls_is_shared_and_a_wrong_name_is_not() -> None:
    """An authority that is not trusted stands behind each host that shows a certificate of it."""
    shared = {name: diagnose(SPECIMENS[name].transcript)[0].seen.shared_by for name in SPECIMENS if "issuer" in name}
    assert shared == {"untrusted-issuer": (certificate().issuer,)}
    assert diagnose(SPECIMENS["certificate-name"].transcript)[0].seen.shared_by is None


def test_texts_and_client_checks_share_nothing() -> None:
    """Outside a climb no cause stands for several registries."""
    assert recognise(DENIED)[0].seen.shared_by is None
    assert diagnose_client(CLIENT_SPECIMENS["docker-not-found"])[0].seen.shared_by is None
