#!/bin/bash
# Runs the tests that /host/tests names, one file each.
cd /usr/lib/vm-tests || exit 1
while read -r test; do
    start=$(cut -d . -f 1 /proc/uptime)
    timeout 200 bash -c ". ./common.sh; . ./$test.sh"
    [ $? -ne 124 ] || echo "not ok $test: not done in 200 s" | tee -a /host/results
    systemctl stop audiogenrl.service
    rm -rf /run/systemd/system/audiogenrl.service.d
    systemctl daemon-reload
    echo "# $test: $(($(cut -d . -f 1 /proc/uptime) - start)) s" | tee -a /host/results
done </host/tests
journalctl -u audiogenrl.service -o short-monotonic --no-hostname >/host/out/journal
echo "done" >>/host/results
sync
