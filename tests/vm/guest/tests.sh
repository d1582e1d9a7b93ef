#!/bin/bash
# Runs the tests that /srv/vm/tests names, one file each.
cd /usr/lib/vm-tests || exit 1

note() {
    echo "$*" | tee -a /srv/vm/results
}

while read -r test; do
    start=$(cut -d . -f 1 /proc/uptime)
    timeout 300 bash -c ". ./common.sh; . ./$test.sh"
    [ $? -ne 124 ] || note "not ok $test: not done in 300 s"
    systemctl stop audiogenrl.service
    if [ -e /run/systemd/system/audiogenrl.service.d ]; then
        rm -r /run/systemd/system/audiogenrl.service.d
        systemctl daemon-reload
    fi
    note "# $test: $(($(cut -d . -f 1 /proc/uptime) - start)) s of its own time"
    cp -r /srv/vm/out /srv/vm/results /host/
    rm -rf /srv/vm/out/*
done </srv/vm/tests
journalctl -u audiogenrl.service -o short-monotonic --no-hostname >/host/out/journal
echo "done" >>/host/results
sync
