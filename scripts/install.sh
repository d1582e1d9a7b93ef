#!/bin/sh
# Installs the Debian packages named on the command line that are not there yet.
# Asks for root's rights only when something is missing.
set -eu

missing=
for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
[ "$(id -u)" -eq 0 ] || root=sudo
export DEBIAN_FRONTEND=noninteractive
$root apt-get update -q
# shellcheck disable=SC2086  # a list of words
$root apt-get install -qy --no-install-recommends $missing
