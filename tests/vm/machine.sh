# Making and booting the virtual machines; read by tests/vm/run.
# shellcheck shell=bash disable=SC2154
#
# All machines share one kernel, Debian's, taken out of its package and never
# installed on the host. The small one is a ramdisk: busybox, the programs under
# test and the modules they need. A full one is Debian 12 with systemd on an image
# that is a piece of its memory; its ramdisk lays the programs under test over
# that, and the image's file is never changed. All see a folder of the host at
# /host, and end by powering off.
#
# `cache` holds what is slow to make: kernel/ and the image. Its parts are named by a
# hash of what they are made of, so that a change makes a new one.

root_packages="systemd systemd-sysv udev kmod libasound2 alsa-utils libsmf0 libinih1 libjansson4
    libportmidi0 libsystemd0 libglib2.0-0 fluidsynth timgm6mb-soundfont sox"
root_options=(--variant=minbase --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"'
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*'
    --dpkgopt='path-exclude=/usr/share/locale/*')

# Of the host; two to three minutes are usual.
machine_seconds=1200

say() {
    printf 'vm: %s\n' "$*"
}

# package_download FOLDER PACKAGE; where the lists of packages are old they are fetched anew.
package_download() {
    local options=(-qq -o APT::Sandbox::User=root)
    (cd "$1" && apt-get download "${options[@]}" "$2") && return 0
    [ "$(id -u)" -eq 0 ] && apt-get update "${options[@]}" || return 1
    (cd "$1" && apt-get download "${options[@]}" "$2")
}

# Sets kernel (a folder with vmlinux and lib/modules) and release.
kernel_make() {
    local package
    package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: *//p' | head -n 1)
    release=${package#linux-image-}
    kernel=$cache/kernel-$release
    [ -n "$package" ] || {
        # Where it was made before, it serves again.
        kernel=$(find "$cache" -maxdepth 1 -name 'kernel-*' | head -n 1)
        release=${kernel##*/kernel-}
    }
    [ -e "$kernel/vmlinux" ] && return 0
    [ -n "$package" ] || {
        say "no package linux-image-amd64 is known here: apt-get update"
        return 1
    }

    say "unpacking $package"
    local new
    new=$(mktemp -d "$cache/new.XXXXXX")
    package_download "$new" "$package" || {
        rm -rf "$new"
        return 1
    }
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
        grep '^E' "$new/log" || tail -n 5 "$new/log"
        rm -rf "$new"
        return 1
    }
    tar tf "$new/root.tar" >"$image.files" || return 1
    # Files belong to root and to system users, which only root, or root of a
    # user namespace, may unpack.
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(unshare --map-auto --map-root-user)
    # shellcheck disable=SC2016
    "${as_root[@]}" sh -ec 'mkdir "$1/root"; tar xpf "$1/root.tar" -C "$1/root" --exclude="./dev/*"
        mke2fs -q -t ext4 -O ^has_journal -d "$1/root" "$1/image" 1500m
        rm -rf "$1/root"' sh "$new" || return 1
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

# One instruction of a guest is one virtual nanosecond, whatever else the host does;
# while it waits, its time jumps to the next that it waits for. So all that it works
# with is in its memory: waiting for the host would make its time jump far.
#
# machine_boot NAME RAMDISK SHARE KERNEL-OPTIONS [qemu option ...]: until it powers off. The
# console goes to $work/NAME.console; so does qemu's own complaint.
machine_boot() {
    local name=$1 ramdisk=$2 share=$3 append=$4 status=0
    shift 4
    timeout --foreground "$machine_seconds" qemu-system-x86_64 -M pc -smp 1 -m 1024 -nodefaults -no-user-config \
        -accel tcg,thread=single -cpu max -icount shift=0,sleep=off \
        -display none -serial stdio -no-reboot -nic none -kernel "$kernel/vmlinux" -initrd "$ramdisk" \
        -append "console=ttyS0 panic=-1 quiet mitigations=off tsc=reliable $append" \
        -virtfs "local,path=$share,mount_tag=host,security_model=none" \
        "$@" </dev/null >"$work/$name.console" 2>&1 || status=$?
    [ $status -ne 124 ] || say "$name: not done after $machine_seconds s, ended"
    return $status
}
