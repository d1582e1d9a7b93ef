# shellcheck shell=bash disable=SC2154,SC2086,SC2046  # the names are those of common.sh, without blanks
# The sequencer's module is not loaded, and /dev/snd/seq not there, before the
# service starts: its unit loads it; or it cannot, and the module comes later.
repertoire $data/piece.model
configure </dev/null

plays() {
    start_recording $1
    heard '# subscribed'
    seqio play keyboard - $data/short.txt
    stop_recording
    [ "$(held_notes $recording)" = "6 0" ]
}

not_loaded() {
    ! sequencer_is_loaded && [ ! -e /dev/snd/seq ]
}

restarts() {
    systemctl show -P NRestarts $unit
}

unload_sequencer
check "module not loaded: set up" "$(cat /proc/modules)" not_loaded
check "module not loaded: starts" "$(systemctl status $unit | tail -n 3)" start_service
check "module not loaded: loaded by the unit" "$(cat /proc/modules)" sequencer_is_loaded
check "module not loaded: plays" "$out" plays module.txt
systemctl stop $unit

mkdir -p /run/modprobe.d
echo 'install snd_seq /bin/false' >/run/modprobe.d/test.conf
unload_sequencer
check "no module: set up" "$(cat /proc/modules)" not_loaded
mark_log
systemctl start --no-block $unit
says_so() {
    log_says 'snd.seq'
}
check "no module: says so" "log: $(log_since)" within 30 says_so
sleep 3
check "no module: no crash loop" "restarts: $(restarts)" [ "$(restarts)" -eq 0 ]
check "no module: goes on waiting" "$(systemctl is-active $unit)" systemctl is-active $unit
rm /run/modprobe.d/test.conf
modprobe snd-seq
check "no module: works when it comes" "$(systemctl status $unit | tail -n 3)" within 30 client_is_there AudioGenRL
check "no module: plays when it comes" "$out" plays module_later.txt
