# shellcheck shell=bash disable=SC2154,SC2086,SC2046  # the names are those of common.sh, without blanks
# kill -9 in the middle of a chord: started again, hanging notes released,
# connections back.
repertoire $data/piece.model
configure </dev/null
start_service
start_recording kill.txt
heard '# subscribed'
seqio play keyboard - $data/chords.txt &
player=$!
heard ' 90 ' 10
sleep 0.3
before=$(systemctl show -P MainPID $unit)
kill -9 "$before"
back() {
    [ "$(systemctl show -P ActiveState $unit)" = active ] && [ "$(systemctl show -P MainPID $unit)" != "$before" ]
}
check "restarted after kill -9" "$(systemctl show -P ActiveState $unit)" within 10 back
again() {
    [ "$(grep -c '# subscribed' $out/kill.txt)" -ge 2 ]
}
check "output connected after kill -9" "the recorder was not connected again" within 10 again
before=$(<$recording)
plays_again() {
    local now
    now=$(<$recording)
    [[ ${now:${#before}} = *' 90 '* ]]
}
check "input connected and heard after kill -9" "$(aconnect -l)" within 30 plays_again
kill $player
wait $player
stop_recording
check "hanging notes released at start-up" "held at the end: $(held_notes $recording)" nothing_held $recording
