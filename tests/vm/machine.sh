# Making and booting the virtual machines; read by tests/vm/run.
# shellcheck shell=bash disable=SC2154
#
# Two machines share one kernel, Debian's, taken out of its package and never
# installed on the host. The small one lives in memory: busybox, the programs
# under test and the modules they need. The full one is Debian 12 with systemd
# on a disk image; its ramdisk lays the programs under test over that image,
# which itself is never changed. Both see the folder `share` at /host, and end by
# powering off.
#
# `cache` holds what is slow to make: kernel/ and the image. Its parts are named by a
# hash of what they are made of, so that a change makes a new one.

root_packages="systemd systemd-sysv udev kmod libasound2 alsa-utils libsmf0 libinih1 libjansson4
    libportmidi0 libsystemd0 libglib2.0-0 fluidsynth timgm6mb-soundfont sox"
root_options=(--variant=minbase --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"'
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*'
    --dpkgopt='path-exclude=/usr/share/locale/*')

say() {
    printf 'vm: %s\n' "$*"
}

# Emulation is slow but exact. A /dev/kvm on a processor without support for it
# hangs its guests without a word.
accelerator() {
    if [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then
        echo "-accel kvm -cpu host"
    else
        echo "-accel tcg,thread=multi -cpu max"
    fi
}

# Sets kernel (a folder with vmlinux and lib/modules) and release.
kernel_make() {
    local package
    package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: *//p' | head -n 1)
    [ -n "$package" ] || {
        say "no package linux-image-amd64 is known here: apt-get update"
        return 1
    }
    release=${package#linux-image-}
    kernel=$cache/kernel-$release
    [ -e "$kernel/vmlinux" ] && return 0

    say "unpacking $package"
    local new
    new=$(mktemp -d "$cache/new.XXXXXX")
    (cd "$new" && apt-get download -qq "$package") || return 1
    dpkg -x "$new/$package"_*.deb "$new"
    depmod -b "$new" "$release"
    # The kernel proper is an xz stream inside vmlinuz; booting it saves unpacking it each time.
    /usr/bin/python3 - "$new/boot/vmlinuz-$release" "$new/vmlinux" <<'PYTHON'
import lzma, sys
image = open(sys.argv[1], "rb").read()
kernel = lzma.LZMADecompressor().decompress(image[image.index(b"\xfd7zXZ\x00"):])
assert kernel.startswith(b"\x7fELF"), "no ELF kernel in " + sys.argv[1]
open(sys.argv[2], "wb").write(kernel)
PYTHON
    rm -rf "${new:?}/boot" "${new:?}/usr" "$new"/*.deb
    mv "$new" "$kernel"
}

# Sets image (an ext4 file system) and image.files (the names in it).
root_make() {
    local key new
    # shellcheck disable=SC2086
    key=$(printf '%s\n' $root_packages "${root_options[@]}" | sha256sum | cut -c 1-16)
    image=$cache/root-$key.ext4
    [ -e "$image" ] && return 0

    say "making a Debian 12 with systemd (once; about 100 s)"
    new=$(mktemp -d "$cache/new.XXXXXX")
    # shellcheck disable=SC2086
    mmdebstrap "${root_options[@]}" --include="$(echo $root_packages | tr ' ' ,)" \
        bookworm "$new/root.tar" </dev/null >"$new/log" 2>&1 || {
        tail -n 5 "$new/log"
        return 1
    }
    tar tf "$new/root.tar" >"$image.files"
    # Files belong to root and to system users, which only root, or root of a
    # user namespace, may unpack.
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(unshare --map-auto --map-root-user)
    # shellcheck disable=SC2016
    "${as_root[@]}" sh -ec 'mkdir "$1/root"; tar xpf "$1/root.tar" -C "$1/root" --exclude="./dev/*"
        mke2fs -q -t ext4 -O ^has_journal -d "$1/root" "$1/image" 1500m
        rm -rf "$1/root"' sh "$new"
    mv "$new/image" "$image"
    rm -rf "$new"
}

# ramdisk_begin DIR INIT MODULE...: busybox, an /init and modules with all that they need.
ramdisk_begin() {
    local dir=$1 init=$2
    shift 2
    mkdir -p "$dir"/{bin,dev,proc,sys,tmp,run,etc,host,root,usr,var}
    ln -s bin "$dir/sbin"
    ln -s ../bin "$dir/usr/bin"
    ln -s ../bin "$dir/usr/sbin"
    cp "$(command -v busybox)" "$dir/bin/busybox"
    ln -s busybox "$dir/bin/sh"
    cp "$init" "$dir/init"
    chmod +x "$dir/init"
    modules_add "$dir" "$@"
}

# modules_add DIR MODULE...: into DIR/lib/modules.
modules_add() {
    local dir=$1 module file
    shift
    for module in "$@"; do
        modprobe -d "$kernel" -S "$release" --show-depends "$module" | sed -n 's/^insmod //p'
    done | awk '{print $1}' | sort -u | while read -r file; do
        install -D -m 644 "$file" "$dir/lib/modules/$release/${file#*"/lib/modules/$release/"}"
    done
    cp "$kernel/lib/modules/$release"/modules.{order,builtin,builtin.modinfo} "$dir/lib/modules/$release/"
    depmod -b "$dir" "$release"
}

# libraries_add DIR PROGRAM...: the shared libraries that programs need. Those
# that the file `present` lists, where it is set, are left out.
libraries_add() {
    local dir=$1 library
    shift
    ldd "$@" 2>/dev/null | grep -o '/[^ ]*\.so[^ ]*' | sort -u | while read -r library; do
        [ -n "${present:-}" ] && grep -q "/${library##*/}\$" "$present" && continue
        install -D "$library" "$dir$library"
    done
}

# programs_add DIR PROGRAM...: into DIR/bin.
programs_add() {
    local dir=$1
    shift
    mkdir -p "$dir/bin"
    install "$@" "$dir/bin"
    libraries_add "$dir" "$@"
}

# ramdisk_end DIR FILE
ramdisk_end() {
    (cd "$1" && find . -print0 | cpio --null --quiet -o -H newc -R 0:0) >"$2"
}

# The clock that the full machine goes by is hpet: on a busy host Linux mistakes the
# frequency of an emulated TSC, and then its seconds are too short.
#
# machine_boot NAME SECONDS RAMDISK SHARE KERNEL-OPTIONS [qemu option ...]: until it powers off. The
# console goes to $work/NAME.console; so does qemu's own complaint.
machine_boot() {
    local name=$1 seconds=$2 ramdisk=$3 share=$4 append=$5 status=0
    shift 5
    timeout "$seconds" qemu-system-x86_64 -M pc -smp 1 -m 1024 -nodefaults -no-user-config \
        -display none -serial stdio -no-reboot -nic none -kernel "$kernel/vmlinux" -initrd "$ramdisk" \
        -append "console=ttyS0 panic=-1 quiet mitigations=off $append" \
        -virtfs "local,path=$share,mount_tag=host,security_model=none" \
        "$@" </dev/null >"$work/$name.console" 2>&1 || status=$?
    [ $status -ne 124 ] || say "$name: not done after $seconds s, ended"
    return $status
}
