# shellcheck shell=bash disable=SC2154,SC2086,SC2046  # the names are those of common.sh, without blanks
# 10,000 events a second for ten seconds, in bursts; then SysEx of 64 KiB.
repertoire $data/piece.model
configure </dev/null
start_service
audiogenrl mode off
start_recording flood.txt
heard '# subscribed'
seqio play keyboard - $data/flood.txt
stop_recording
audiogenrl status --json >$out/flood.json
check "lives after a flood" "$(systemctl is-active $unit)" systemctl is-active $unit
start_recording sysex.txt
heard '# subscribed'
seqio play keyboard - $data/sysex.txt
stop_recording
audiogenrl status --json >$out/sysex.json
