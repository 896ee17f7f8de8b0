#!/usr/bin/env bash
# Puts what a guest is to try into a new folder, its /suite: suite.sh FOLDER SETTING=VALUE...
#
#   run, stop, install, init, bench
#                              what the guest executes
#   settings                   the settings, for the shell
#   acceptance                 the compiled tests, acceptance.test, and their testdata
#   kvm                        those of packages that need a KVM
#   torpor, torpor_*.deb       what was built: the binary, and the package if there is one
#   examples                   with their root file systems
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:?usage: suite.sh FOLDER SETTING=VALUE...}
shift

mkdir "$folder"
cp scripts/guest/suite/* "$folder"
for setting in "$@"; do
  printf '%s=%q\n' "${setting%%=*}" "${setting#*=}"
done >"$folder/settings"

mkdir "$folder/acceptance"
${GO:-go} test -c -tags acceptance -o "$folder/acceptance/acceptance.test" ./acceptance
if [ -d acceptance/testdata ]; then
  cp -r acceptance/testdata "$folder/acceptance"
fi

mkdir "$folder/kvm"
for package in kvm kvm/machine kvm/vm; do
  ${GO:-go} test -c -o "$folder/kvm/${package//\//-}.test" "./$package"
done

cp out/torpor "$folder"
deb=$(find out -maxdepth 1 -name 'torpor_*.deb' -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2-)
if [ -n "$deb" ]; then
  cp "$deb" "$folder"
fi

cp -al examples "$folder" # nobody writes there
