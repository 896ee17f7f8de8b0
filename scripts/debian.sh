#!/usr/bin/env bash
# Unpacks packages of Debian 12, or of the SUITE in the environment, into a new directory:
# debian.sh DIRECTORY MMDEBSTRAP-OPTION...
# They come from where this machine takes its own from, if it is of that suite.
set -euo pipefail

suite=${SUITE:-bookworm}
directory=${1:?usage: debian.sh DIRECTORY MMDEBSTRAP-OPTION...}
shift

# sources prints where this machine takes the suite's packages from, if it is a Debian one.
sources() {
  apt-get indextargets --format '$(CODENAME) deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' 'Component: main' 2>/dev/null |
    sed -n "s/^$suite[^ ]* //p" | sort -u
}

# options prints what apt is told: to try again, and the machine's proxies.
options() {
  echo 'Acquire::Retries "3";'
  apt-config dump --format '%F "%v";%n' Acquire | grep -i '::proxy' || true
}

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
sources >"$temp/sources.list"
options >"$temp/options"
mirror=()
if [ -s "$temp/sources.list" ]; then # otherwise mmdebstrap knows one
  mirror=("$temp/sources.list")
fi
mmdebstrap --quiet --aptopt="$temp/options" "$@" "$suite" "$directory" "${mirror[@]}" </dev/null
