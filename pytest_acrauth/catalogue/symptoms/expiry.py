"""What is seen of a credential that is still valid, and whose end is within the limit that somebody set."""

from __future__ import annotations

from functools import partial

from pytest_acrauth.catalogue.shape import Symptom, unseen

_ends = partial(Symptom, stages=(), when=unseen, says="{answer}.", texts=())

SECRET_ENDS = _ends(id="client-secret-ends")
CERTIFICATE_ENDS = _ends(id="certificate-ends")
CERTIFICATE_FILE_ENDS = _ends(id="certificate-file-ends")
PASSWORD_ENDS = _ends(id="scope-map-password-ends")
LOGIN_ENDS = _ends(id="cached-login-ends")
