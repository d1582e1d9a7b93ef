# shellcheck shell=bash disable=SC2154,SC2086,SC2046  # the names are those of common.sh, without blanks
# The service's own recording, in the folder that the unit lets it write to.
folder=/var/lib/audiogenrl/recordings
repertoire $data/piece.model
printf '[record]\nfolder = %s\n' $folder | configure_append
start_service
start_recording record.txt
heard '# subscribed'
head -n 400 $data/fast.txt >/tmp/some.txt
seqio play keyboard - /tmp/some.txt
stop_recording
systemctl stop $unit
check "record: one file of the session" "$(ls -l $folder; journalctl -u $unit -o cat | tail -n 3)" \
    [ "$(find $folder -name '*.mid' | wc -l)" -eq 1 ]
check "record: for the group audio to read" "$(ls -l $folder)" \
    [ "$(stat -c '%G %a' $folder/*.mid)" = "audio 640" ]
cp -r $folder $out/
