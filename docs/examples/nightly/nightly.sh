#!/bin/sh
# Checks the environment that acr.toml describes, keeps the run, and tells whoever is to be woken.
# $ALERT is a program of your own: it gets a subject as its argument and a text on standard input.
cd "$(dirname "$0")" || exit 2
set -- --acr-config acr.toml --acr-checks only --junitxml readiness.xml \
    --acr-report new.json --acr-report readiness.md
test -f last.json && set -- "$@" --acr-compare last.json

pytest "$@"
code=$?

case $code in
    0) ;;
    1) "$ALERT" "a registry is not ready" < readiness.md ;;
    4) echo "see the log of this job" | "$ALERT" "the check itself is set up wrong" ;;
    *) echo "see the log of this job" | "$ALERT" "the check did not come to its end ($code)" ;;
esac
test -f new.json && mv new.json last.json
exit $code
