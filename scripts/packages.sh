# The Debian 12 packages, by purpose; docs/dependencies.md says why each.
# shellcheck shell=sh disable=SC2034
library_packages="libc6-dev zlib1g-dev libglib2.0-dev libsmf-dev libjansson-dev libcairo2
    libasound2-dev libportmidi-dev libinih-dev libsystemd-dev libncurses-dev"
score_packages="libxml2-dev libzip-dev"
web_packages="libmicrohttpd-dev libqrencode-dev"
desktop_packages="lv2-dev libjack-dev"
demo_packages="gcc make pkg-config python3 $library_packages"
build_packages="gcc cmake ninja-build pkg-config python3 gettext libcmocka-dev $library_packages
    $score_packages $web_packages $desktop_packages"
test_packages="make python3-mido midicsv tmux libfluidsynth3 timgm6mb-soundfont abcm2ps lilv-utils
    sordi jackd1"
deb_packages="dpkg-dev file"
cross_packages="gcc-aarch64-linux-gnu binutils-aarch64-linux-gnu mmdebstrap"
emulation_packages="qemu-user"
check_packages="clang clang-tidy cppcheck libclang-rt-14-dev llvm shellcheck lintian appstream
    xz-utils zsh fish mandoc chromium libfluidsynth-dev libcairo2-dev"
vm_packages="qemu-system-x86 mmdebstrap e2fsprogs busybox-static kmod cpio xz-utils util-linux
    alsa-utils midish python3-mido"
