"""Which registries an identity can use, and why not the others, without pytest."""

from pytest_acrauth import Identity, Reference, Registry, Target, check, diagnose, explain

identity = Identity.of("service-principal")
targets = [Target(Registry.parse(name), identity, (Reference.parse("team/app"),)) for name in ("myacr", "otheracr")]
for transcript in check(targets, timeout=20):
    found = diagnose(transcript)
    print(transcript.target.id, "is not ready" if found else "is ready")
    for diagnosis in found:
        print(diagnosis.certainty, [mode.id for mode in diagnosis.candidates], explain(diagnosis), sep="\n")
