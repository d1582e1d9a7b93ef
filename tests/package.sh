#!/bin/bash
# Builds the Debian packages twice, in unlike circumstances, and compares; then has
# it judged by lintian and appstreamcli, and looks for what must be in it.
# Usage: tests/package.sh WORK, a directory that is emptied. The last commit is built, or,
# where there is no git, all that is there.
set -eu
work=$1
cd "$(dirname "$0")/.."
rm -rf "$work"
mkdir -p "$work"
work=$(realpath "$work")

SOURCE_DATE_EPOCH=$(scripts/epoch.sh)
export SOURCE_DATE_EPOCH
if git rev-parse --verify --quiet HEAD >/dev/null 2>&1; then
    tarball=$(scripts/dist.sh "$work")
else
    tarball=$work/sources.tar.xz
    tar cJf "$tarball" --exclude='./build*' --transform 's,^\.,sources,' .
fi

# build DIRECTORY: makes the package of the tarball there.
build() {
    mkdir -p "$1"
    tar xJf "$tarball" -C "$1" --strip-components=1
    (cd "$1" && cmake --workflow --preset package) >"$1.log" 2>&1 || {
        tail -n 30 "$1.log"
        exit 1
    }
}

build "$work/a" &
a=$!
(
    umask 027
    export TZ=Pacific/Auckland LC_ALL=C.UTF-8 USER=somebody HOME=/nonexistent CMAKE_BUILD_PARALLEL_LEVEL=1
    build "$work/another/place, far away"
)
wait $a

mkdir "$work/root"
for package in audiogenrl audiogenrl-web audiogenrl-lv2; do
    first=$(echo "$work"/a/build-package/${package}_*.deb)
    second=$(echo "$work/another/place, far away"/build-package/${package}_*.deb)
    if ! cmp "$first" "$second"; then
        mkdir "$work/x" "$work/y"
        dpkg-deb -R "$first" "$work/x"
        dpkg-deb -R "$second" "$work/y"
        diff -r "$work/x" "$work/y" || true
        diff <(dpkg-deb -c "$first") <(dpkg-deb -c "$second") || true
        echo "package: the same sources gave two packages $package" >&2
        exit 1
    fi
    echo "package: $package built twice, the same bytes: $(sha256sum <"$first" | cut -c 1-16)..."
    dpkg-deb -x "$first" "$work/root/$package"
done

lintian --allow-root --no-cfg --display-info --pedantic --fail-on error,warning,info,pedantic \
    "$work"/a/build-package/*.deb
appstreamcli validate --no-net --pedantic "$work"/root/audiogenrl/usr/share/metainfo/*.xml

missing=0
while read -r name; do
    [ -e "$work/root/$name" ] || {
        echo "package: $name is not in it" >&2
        missing=1
    }
done <<'END'
audiogenrl-lv2/usr/lib/lv2/audiogenrl.lv2/audiogenrl.so
audiogenrl-lv2/usr/lib/lv2/audiogenrl.lv2/audiogenrl.ttl
audiogenrl-lv2/usr/lib/lv2/audiogenrl.lv2/manifest.ttl
audiogenrl-lv2/usr/share/doc/audiogenrl-lv2/copyright
audiogenrl-web/usr/bin/audiogenrl-web
audiogenrl-web/usr/lib/systemd/system-generators/audiogenrl-web
audiogenrl-web/usr/lib/systemd/system/audiogenrl-web.service
audiogenrl-web/usr/lib/systemd/system/audiogenrl-web.socket
audiogenrl-web/usr/share/doc/audiogenrl-web/copyright
audiogenrl-web/usr/share/man/man8/audiogenrl-web.8.gz
audiogenrl/etc/audiogenrl/audiogenrl.conf
audiogenrl/usr/bin/audiogenrl
audiogenrl/usr/bin/audiogenrld
audiogenrl/usr/lib/modules-load.d/audiogenrl.conf
audiogenrl/usr/lib/systemd/system/audiogenrl.service
audiogenrl/usr/lib/systemd/user/audiogenrl.service
audiogenrl/usr/lib/tmpfiles.d/audiogenrl.conf
audiogenrl/usr/share/audiogenrl/default.model
audiogenrl/usr/share/audiogenrl/examples/petzold_minuet_in_g.mid
audiogenrl/usr/share/bash-completion/completions/audiogenrl
audiogenrl/usr/share/doc/audiogenrl/changelog.Debian.gz
audiogenrl/usr/share/doc/audiogenrl/copyright
audiogenrl/usr/share/fish/vendor_completions.d/audiogenrl.fish
audiogenrl/usr/share/locale/de/LC_MESSAGES/audiogenrl.mo
audiogenrl/usr/share/man/man1/audiogenrl.1.gz
audiogenrl/usr/share/man/man5/audiogenrl-json.5.gz
audiogenrl/usr/share/man/man5/audiogenrl.conf.5.gz
audiogenrl/usr/share/man/man8/audiogenrld.8.gz
audiogenrl/usr/share/zsh/vendor-completions/_audiogenrl
END
exit $missing
