#!/usr/bin/env bash
# Packs out/torpor into a Debian package, out/torpor_VERSION_ARCHITECTURE.deb: deb.sh [VERSION]
#
# The version is git's by default. Times in the package are $SOURCE_DATE_EPOCH, by default that of the last commit, so
# that the same commit gives the same package. $DEBFULLNAME and $DEBEMAIL say who packs.
set -euo pipefail
export TZ=UTC
cd "$(dirname "$0")/.."

# debian_version VERSION prints a version that begins with a digit and has no "-", which would be Debian's own.
# Commits without a release are ordered by their time.
debian_version() {
  local version=${1#v}
  case $version in
    [0-9]*.*) ;;
    *) version=0~$(git log -1 --format=%cd --date=format-local:%Y%m%d%H%M%S).g$version ;;
  esac
  tr -- '-' '+' <<<"$version"
}

# licences prints those of Go and of each module that is part of the program, each text once.
licences() {
  local module version folder file sum
  local -A of=() text=()
  while read -r module version folder; do
    while read -r file; do
      sum=$(sha256sum "$file" | cut -d' ' -f1)
      of[$sum]+="${of[$sum]:+, }$module $version"
      text[$sum]=$file
    done < <(find "$folder" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) | LC_ALL=C sort)
  done < <(modules)
  for sum in $(for s in "${!of[@]}"; do echo "${of[$s]%%,*} $s"; done | LC_ALL=C sort | awk '{ print $NF }'); do
    printf '\n--- %s:\n\n' "${of[$sum]}" | fold -s -w 100
    # Debian has the text of this one in a place of its own.
    sed -e '/TERMS AND CONDITIONS FOR USE, REPRODUCTION/,/END OF TERMS AND CONDITIONS/c\
      [see /usr/share/common-licenses/Apache-2.0]' "${text[$sum]}"
  done
}

modules() {
  echo "Go $("$go" env GOVERSION) $("$go" env GOROOT)"
  "$go" list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' . | LC_ALL=C sort -u
}

copyright() {
  cat <<'EOF'
torpor is licensed under the Apache License, version 2.0. On Debian systems its text is in
/usr/share/common-licenses/Apache-2.0.

The program is linked statically. It has in it the Go libraries below, by their authors,
under these licenses.
EOF
  licences
}

changelog() {
  cat <<EOF
torpor ($version) unstable; urgency=medium

  * Built from $(git describe --always --dirty).

 -- $maintainer  $(date --utc --date="@$SOURCE_DATE_EPOCH" --rfc-email)
EOF
}

# fill FILE replaces @NAME@.
fill() {
  sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@MAINTAINER@/$maintainer/" \
    -e "s/@INSTALLED_SIZE@/$(find "$tree" -type f -printf '%s\n' | awk '{ n += $1 } END { print int(n / 1024) + 1 }')/" "$1"
}

# move FROM TO renames a file of the tree, as Debian has places of its own for some.
move() {
  mkdir -p "$tree$(dirname "$2")"
  mv "$tree$1" "$tree$2"
}

go=${GO:-go}
version=$(debian_version "${1:-$(git describe --tags --always --dirty)}")
architecture=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-The torpor maintainers} <${DEBEMAIL:-torpor@packages.invalid}>"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
umask 022

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"

out/torpor install --root "$tree" --prefix /usr >/dev/null
rm -r "$tree/usr/share/torpor" # the list of what was installed: dpkg has its own
move /usr/lib/systemd/system /lib/systemd/system
move /usr/share/zsh/site-functions /usr/share/zsh/vendor-completions
gzip -9n "$tree"/usr/share/man/man?/*

doc=$tree/usr/share/doc/torpor
mkdir -p "$doc" "$tree/usr/share/lintian/overrides" "$tree/DEBIAN"
copyright >"$doc/copyright"
changelog | gzip -9n >"$doc/changelog.gz"
cp scripts/deb/lintian-overrides "$tree/usr/share/lintian/overrides/torpor"
chmod 644 "$tree/usr/share/lintian/overrides/torpor"

fill scripts/deb/control >"$tree/DEBIAN/control"
install -m 755 scripts/deb/{postinst,prerm,postrm} "$tree/DEBIAN"
(cd "$tree" && find etc -type f -printf '/%p\n' | LC_ALL=C sort) >"$tree/DEBIAN/conffiles"
(cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"

package=out/torpor_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz -z1 --build "$tree" "$package.new" >/dev/null
find out -maxdepth 1 -name 'torpor_*.deb' -delete # of earlier versions
mv "$package.new" "$package"
echo "$package"
