# shellcheck shell=bash disable=SC2154,SC2086,SC2046  # the names are those of common.sh, without blanks
# Reloads and changes of models under 200 notes a second: none lost, none hanging.
repertoire $data/piece.model
configure </dev/null
start_service
start_recording reload.txt
heard '# subscribed'
seqio play keyboard - $data/fast.txt &
player=$!
heard ' 90 ' 10
for follow in 1.5 2 0.5 1; do
    sleep 0.5
    echo "follow = $follow" | sed '1i [correct]' | configure_append
    systemctl reload $unit || report "not ok reload: systemctl reload failed"
done
cp $data/other.mid $pieces/
chmod a+r $pieces/*
check "another piece learned while playing" "pieces: $(field pieces)" within 10 field_is pieces 2
rm $pieces/piece.model
check "a piece gone while playing" "pieces: $(field pieces)" within 10 field_is pieces 1
for mode in off scale generate correct; do
    audiogenrl mode $mode || report "not ok mode $mode: refused"
    sleep 0.5
done
kill -0 $player || report "not ok reload: the playing was over too soon"
wait $player
stop_recording
audiogenrl status --json >$out/reload.json
check "nothing held after reloads" "held: $(held_notes $recording)" nothing_held $recording
