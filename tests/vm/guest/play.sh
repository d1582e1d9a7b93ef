# shellcheck shell=bash disable=SC2154,SC2086,SC2046  # the names are those of common.sh, without blanks
# A file with wrong notes is played into the service; what comes out is compared
# by the host with what `audiogenrl correct --live` makes of it.
repertoire $data/piece.model
configure </dev/null
check start "systemctl start failed or the repertoire was not learned: $(systemctl status $unit | tail -n 3)" \
    start_service
start_recording play.txt
check "output connected" "the recorder was not connected" heard '# subscribed'
aplaymidi -p AudioGenRL:0 $data/played.mid
stop_recording
audiogenrl status --json >$out/play.json
check "status counts the notes" "notes: $(field notes)" [ "$(field notes)" -gt 100 ]
