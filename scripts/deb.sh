#!/bin/sh
# Installs what is needed, builds, and makes the Debian package.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh

# shellcheck disable=SC2086
scripts/install.sh $build_packages $deb_packages
cmake --workflow --preset package
echo
echo "Install it with"
echo "    sudo apt install ./$(echo build-package/audiogenrl_*.deb)"
