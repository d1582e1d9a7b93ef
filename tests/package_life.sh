#!/bin/bash
# Installs the packages into a clean Debian 12, upgrades, removes and purges them there, and
# looks at what is left each time. Needs root or user namespaces, a Debian mirror and some
# minutes, so it is no part of the other tests. Usage: tests/package_life.sh FOLDER, with
# the three packages in it
set -eu
folder=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/this" "$work/next"
for package in audiogenrl audiogenrl-web audiogenrl-lv2; do
    cp "$folder/${package}_"*.deb "$work/this/$package.deb"
    dpkg-deb -R "$work/this/$package.deb" "$work/new"
    sed -i 's/^Version: .*/&+next/; s/audiogenrl (= [^)]*/&+next/' "$work/new/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$work/new" "$work/next/$package.deb" >/dev/null
    rm -r "$work/new"
done

# Runs in the new Debian.
cat >"$work/life" <<'END'
set -eux
wanted=/etc/systemd/system/multi-user.target.wants/audiogenrl.service
settings=/etc/audiogenrl/audiogenrl.conf
pieces=/var/lib/audiogenrl/repertoire
cd /root
# All that is ours, wherever it is.
left() {
    find / -xdev -iname '*audiogenrl*' ! -path '/proc/*' ! -path '/sys/*' ! -path '/root/*' | sort
}

audiogenrld --check
audiogenrl-web --help >/dev/null
audiogenrl correct -q --mode scale /usr/share/audiogenrl/examples/petzold_minuet_in_g.mid -o out.mid
[ -L $wanted ]
[ "$(stat -c '%a %G' $pieces)" = "2775 audio" ]
[ "$(cat /var/lib/dpkg/info/audiogenrl.conffiles)" = $settings ]
[ -e /usr/lib/lv2/audiogenrl.lv2/audiogenrl.so ]

: The page can go and come by itself, and with it its token.
echo '[web]' >>$settings
echo 'listen = 127.0.0.1:8322' >>$settings
audiogenrl-web --link | grep '^http://127.0.0.1:8322/?token='
dpkg --remove audiogenrl-web
[ -e /etc/audiogenrl/web.token ]
dpkg --purge audiogenrl-web
[ ! -e /etc/audiogenrl/web.token ]
[ -e $settings ]
audiogenrld --check
dpkg -i this/audiogenrl-web.deb

: An upgrade keeps settings, pieces, and that it was switched off.
echo '# mine' >>$settings
echo piece >$pieces/mine.mid
rm $wanted
dpkg -i next/*.deb
tail -n 1 $settings | grep -x '# mine'
[ -e $pieces/mine.mid ]
[ ! -e $wanted ]

: Removal keeps settings and pieces.
dpkg --remove audiogenrl audiogenrl-web audiogenrl-lv2
[ ! -e /usr/bin/audiogenrl ]
[ -e $settings ]
[ -e $pieces/mine.mid ]

: Purging keeps pieces alone.
mkdir /var/lib/audiogenrl/progress/x
dpkg --purge audiogenrl audiogenrl-web audiogenrl-lv2
[ ! -e /etc/audiogenrl ]
[ ! -L $wanted ]
[ "$(left)" = /var/lib/audiogenrl ]

: Without pieces nothing stays.
rm $pieces/mine.mid
dpkg -i this/*.deb
[ -L $wanted ]
dpkg --purge audiogenrl audiogenrl-web audiogenrl-lv2
[ -z "$(left)" ]
END

# shellcheck disable=SC2016
mmdebstrap --variant=minbase --format=null --hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount \
    --include="$work/this/audiogenrl.deb" --include="$work/this/audiogenrl-web.deb" \
    --include="$work/this/audiogenrl-lv2.deb" \
    --customize-hook='copy-in '"$work/life $work/this $work/next"' /root' \
    --customize-hook='chroot "$1" sh /root/life' bookworm /dev/null >"$work/log" 2>&1 || {
    tail -n 30 "$work/log"
    exit 1
}
echo "package: installed, upgraded, removed and purged in a clean Debian 12"
