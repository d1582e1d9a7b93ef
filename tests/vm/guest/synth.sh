# shellcheck shell=bash disable=SC2154,SC2086,SC2046  # the names are those of common.sh, without blanks
# fluidsynth behind the service: sound where notes are, silence after the end
# and after the service is stopped while keys are held.
repertoire $data/piece.model
configure </dev/null
start_service
mkfifo /tmp/fluid
fluidsynth -q -a file -m alsa_seq -o audio.file.name=/tmp/synth.wav -o audio.file.type=wav -r 22050 -R 0 -C 0 \
    /usr/share/sounds/sf2/TimGM6mb.sf2 </tmp/fluid >/tmp/fluid.log 2>&1 &
synth=$!
exec 3>/tmp/fluid
connected() {
    aconnect -l | grep -A 5 "'AudioGenRL'" | grep -q 'Connecting To'
}
check "synth connected" "$(cat /tmp/fluid.log)" within 20 connected
# Places in the sound are known by how much of it is written: 16 bits, two channels.
written() {
    echo $(($(stat -c %s /tmp/synth.wav) / 4))
}
declare -A at
at[begin]=$(written)
sleep 0.5
seqio play keyboard - $data/short.txt
at[played]=$(written)
sleep 4
at[quiet]=$(written)
seqio play keyboard - $data/held.txt &
player=$!
sleep 4
at[held]=$(written)
systemctl stop $unit
at[stopped]=$(written)
sleep 4
at[end]=$(written)
kill $player
echo quit >&3
wait $synth
exec 3>&-
# loudness FROM TO: the greatest amplitude between two places, in percent.
loudness() {
    sox /tmp/synth.wav -n remix 1 trim "${at[$1]}s" "=${at[$2]}s" stat 2>&1 |
        awk '/Maximum amplitude/ { printf "%d", 100 * $3 + 0.5 }'
}
louder() {
    [ "$(loudness "$1" "$2")" -ge "$3" ]
}
# The last second of a stretch of silence; the file driver writes in pieces.
at[quiet_before]=$((at[quiet] - 22050))
at[end_before]=$((at[end] - 22050))
at[held_before]=$((at[held] - 11025))
check "synth sounds where notes are" "$(loudness begin played) %" louder begin played 3
check "synth is silent after the end" "$(loudness quiet_before quiet) %" bash -c "[ $(loudness quiet_before quiet) -eq 0 ]"
check "synth sounds held notes" "$(loudness held_before held) %" louder held_before held 2
check "synth is silent after the service's stop" "$(loudness end_before end) %" bash -c "[ $(loudness end_before end) -eq 0 ]"
echo "# synth: $(declare -p at)" >>/srv/vm/results
