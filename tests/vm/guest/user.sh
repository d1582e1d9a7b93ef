# shellcheck shell=bash disable=SC2154,SC2086,SC2046  # the names are those of common.sh, without blanks
# A user of the group audio, without root's rights, runs a service of their own.
repertoire $data/piece.model
configure </dev/null
modprobe snd-seq
mkdir /run/somebody
chown nobody /run/somebody
as_user=(setpriv --reuid=nobody --regid=nogroup --groups=audio --inh-caps=-all
    env -i PATH="$PATH" XDG_RUNTIME_DIR=/run/somebody)
"${as_user[@]}" audiogenrld --foreground -c $settings >/tmp/user.log 2>&1 &
service=$!
answers() {
    [[ $("${as_user[@]}" audiogenrl status --json) =~ \"complete\":\ *true ]]
}
check "user: starts and answers" "$(cat /tmp/user.log)" within 30 answers
start_recording user.txt
heard '# subscribed'
seqio play keyboard - $data/short.txt
stop_recording
check "user: plays" "$(cat /tmp/user.log)" [ "$(held_notes $recording)" = "6 0" ]
check "user: takes commands" "$(cat /tmp/user.log)" "${as_user[@]}" audiogenrl panic
check "user: says what it has no right to" "$(cat /tmp/user.log)" grep -q 'real-time thread runs without' /tmp/user.log
kill $service
wait $service
status=$?
check "user: stops as told" "$status: $(cat /tmp/user.log)" [ $status -eq 0 ]
check "user: nothing is left" "$(ls -lR /run/somebody)" [ ! -e /run/somebody/audiogenrl/control ]
