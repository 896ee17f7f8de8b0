#!/usr/bin/env bash
# Runs one part of the checks, and says how long it took: part.sh NAME COMMAND...
set -euo pipefail

name=${1:?usage: part.sh NAME COMMAND...}
shift
echo "== $name"
start=$SECONDS
status=0
"$@" || status=$?
if [ "$status" = 0 ]; then
  echo "== $name: ok, $((SECONDS - start)) s"
else
  echo "== $name: FAILED, $((SECONDS - start)) s"
fi
exit "$status"
