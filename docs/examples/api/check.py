"""Which identity can use which registry, without pytest."""

from pytest_acrauth import BadAuth, Identity, Reference, Registry, Target, check, diagnose, explain

me = Identity.of("service-principal")
targets = [Target(Registry.parse(name), me, (Reference.parse("team/app"),)) for name in ("myacr", "otheracr")]
try:
    transcripts = check(targets, timeout=20)
except BadAuth as error:
    raise SystemExit(f"nothing was checked: {error}") from error
for transcript in transcripts:
    found = diagnose(transcript)
    print(transcript.target.id, "is ready" if not found else "")
    for diagnosis in found:
        print(diagnosis.certainty, [mode.id for mode in diagnosis.candidates])
        print(explain(diagnosis))
