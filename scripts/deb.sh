#!/bin/sh
# Installs what is needed, builds, and makes the Debian packages, of this computer's
# architecture or of the one named. Usage: scripts/deb.sh [--arch amd64|arm64]
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh

native=$(dpkg --print-architecture)
case $#:${1:-} in
0:) arch=$native ;;
1:--arch=*) arch=${1#--arch=} ;;
2:--arch) arch=$2 ;;
*) arch= ;;
esac
folder=build-package
case $arch in
"$native") ;;
arm64) folder=build-arm64 ;;
*)
    echo "usage: scripts/deb.sh [--arch $native|arm64]" >&2
    exit 2
    ;;
esac

# shellcheck disable=SC2086,SC2154
scripts/install.sh $build_packages $deb_packages
cmake --workflow --preset package
if [ $folder = build-arm64 ]; then
    # shellcheck disable=SC2086,SC2154
    scripts/install.sh $cross_packages
    scripts/sysroot.sh arm64 build-sysroot
    cmake --workflow --preset package-arm64
fi
echo
echo "Install it with"
echo "    sudo apt install ./$(echo $folder/audiogenrl_*.deb)"
echo "and so, if they are wanted, the page for the phone and the plugin:"
echo "    ./$(echo $folder/audiogenrl-web_*.deb) ./$(echo $folder/audiogenrl-lv2_*.deb)"
