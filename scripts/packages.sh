# The Debian 12 packages, by purpose; docs/dependencies.md says why each.
# shellcheck shell=sh disable=SC2034
build_packages="gcc libc6-dev cmake ninja-build pkg-config zlib1g-dev libglib2.0-dev libsmf-dev
    libjansson-dev libcairo2-dev libcmocka-dev
    libasound2-dev libportmidi-dev libinih-dev libsystemd-dev libncurses-dev python3"
test_packages="python3-mido midicsv tmux libfluidsynth3 timgm6mb-soundfont"
deb_packages="dpkg-dev file"
check_packages="clang clang-tidy cppcheck libclang-rt-14-dev llvm shellcheck lintian appstream
    xz-utils zsh fish mandoc chromium libfluidsynth-dev"
vm_packages="qemu-system-x86 mmdebstrap e2fsprogs busybox-static kmod cpio xz-utils util-linux
    alsa-utils midish python3-mido"
