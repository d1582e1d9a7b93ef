#!/bin/sh
# Installs the Debian packages named that are not there yet, without a question. Asks for
# root's rights only when something is missing.
# Usage: scripts/install.sh [--log FILE] PACKAGE... FILE takes what apt says.
set -eu

log=
if [ "${1:-}" = --log ]; then
    log=$2
    shift 2
fi
missing=
for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" -ne 0 ]; then
    root=sudo
    command -v sudo >/dev/null || {
        echo "There is no sudo here: as root, run apt-get install --no-install-recommends$missing" >&2
        exit 1
    }
fi

# sudo passes no variables on; settings that were changed by hand stay as they are.
apt() {
    $root env DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l \
        apt-get -qy -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null
}
install() {
    # shellcheck disable=SC2086  # a list of words
    apt update && apt install --no-install-recommends $missing
}
if [ -z "$log" ]; then
    install
elif ! install >>"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "Packages could not be installed; all that apt said is in $log" >&2
    exit 1
fi
