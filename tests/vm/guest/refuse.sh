# shellcheck shell=bash disable=SC2154,SC2086,SC2046  # the names are those of common.sh, without blanks
# What the service may be refused: each time one clear sentence, and no loop of crashes.
repertoire $data/piece.model
configure </dev/null

override() {
    mkdir -p /run/systemd/system/$unit.d
    cat >/run/systemd/system/$unit.d/test.conf
    systemctl daemon-reload
    systemctl reset-failed $unit
    mark_log
}

restarts() {
    systemctl show -P NRestarts $unit
}

# Without the group that may open the sequencer.
printf '[Service]\nGroup=nogroup\n' | override
systemctl start $unit
sleep 4
check "refused sequencer: says so" "log: $(log_since)" log_says '/dev/snd/seq'
check "refused sequencer: no crash loop" "restarts: $(restarts)" [ "$(restarts)" -le 1 ]
systemctl stop $unit

# Wrong settings.
printf '' | override
printf '[correct]\nmodus = correct\n' | configure_append
check "wrong settings: --check fails" "it did not" bash -c "! audiogenrld --check -c $settings"
audiogenrld --check -c $settings 2>&1 | tee $out/check.txt
check "wrong settings: --check says where" "$(cat $out/check.txt)" grep -q "$settings.*[0-9].*modus" $out/check.txt
check "wrong settings: start fails" "it did not" bash -c "! systemctl start $unit"
sleep 3
check "wrong settings: says so" "log: $(log_since)" log_says 'modus'
check "wrong settings: no crash loop" "restarts: $(restarts)" [ "$(restarts)" -eq 0 ]
check "wrong settings: status 1" "$(systemctl show -P ExecMainStatus $unit)" [ "$(systemctl show -P ExecMainStatus $unit)" = 1 ]

# Wrong settings on reload: the old ones stay.
configure </dev/null
check "starts again" "$(systemctl status $unit | tail -n 3)" start_service
mark_log
printf '[correct]\nfollow = much\n' | configure_append
check "bad reload: fails" "it did not" bash -c "! systemctl reload $unit"
check "bad reload: says so" "log: $(log_since)" log_says 'follow'
check "bad reload: goes on" "$(systemctl is-active $unit)" field_is mode correct
systemctl stop $unit
configure </dev/null

# No real-time scheduling, no locked memory.
printf '[Service]\nLimitRTPRIO=0\nLimitMEMLOCK=0\n' | override
check "no real-time: starts" "$(systemctl status $unit | tail -n 3)" start_service
check "no real-time: says so" "log: $(log_since)" log_says 'real-time\|SCHED_FIFO\|priority'
check "no real-time: status" "$(audiogenrl status --json)" field_is scheduled false
start_recording unscheduled.txt
heard '# subscribed'
seqio play keyboard - $data/short.txt
stop_recording
check "no real-time: plays" "$(held_notes $recording)" [ "$(held_notes $recording)" = "6 0" ]
systemctl stop $unit

printf '' | override
check "real-time: granted by the unit" "$(systemctl status $unit | tail -n 3)" start_service
check "real-time: status" "$(audiogenrl status --json)" field_is scheduled true
systemctl stop $unit
