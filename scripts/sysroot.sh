#!/bin/bash
# Unpacks the libraries that AudioGenRL is built with below a folder, as this Debian has
# them for another processor. Nothing of them runs, and nothing is installed here; root's
# rights are not needed. A folder that is complete is left as it is.
# Usage: scripts/sysroot.sh ARCHITECTURE FOLDER
set -euo pipefail
architecture=$1
folder=$2
cd "$(dirname "$0")/.."
. scripts/packages.sh
. /etc/os-release

# shellcheck disable=SC2086,SC2154
wanted="$architecture $VERSION_CODENAME $(echo $library_packages $score_packages $web_packages $desktop_packages libcmocka-dev | tr ' ' ,)"
[ "$(cat "$folder/complete" 2>/dev/null)" != "$wanted" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder"
mmdebstrap --quiet --mode=chrootless --variant=extract --architectures="$architecture" \
    --include="${wanted##* }" --format=tar "$VERSION_CODENAME" - |
    tar -x -C "$folder" --exclude=./dev --no-same-owner
# A link to /lib means the lib of the folder.
find "$folder" -lname '/*' | while read -r link; do
    ln -sfn --relative "$folder$(readlink "$link")" "$link"
done
echo "$wanted" >"$folder/complete"
