# What the tests in the full machine share.
# shellcheck shell=bash disable=SC2034,SC2086
#
# Lines `ok NAME` and `not ok NAME: why` go to the console and to results;
# recordings, which the host compares, to out; all below /srv/vm, which is copied to
# the host after each test.

data=/srv/vm/data
out=/srv/vm/out
settings=/etc/audiogenrl/audiogenrl.conf
pieces=/srv/repertoire
unit=audiogenrl.service

# Running a program takes longer, under emulation, than most of what is waited
# for: so it is done without where that is easy.
exec {never}<> <(:)
pause() {
    read -rt "$1" -u "$never" || :
}

report() {
    printf '%s\n' "$*" | tee -a /srv/vm/results
}

# check NAME WHY COMMAND...: ok if the command succeeds.
check() {
    local name=$1 why=$2
    shift 2
    if "$@" >/dev/null 2>&1; then
        report "ok $name"
    else
        report "not ok $name: $why"
        return 1
    fi
}

# within SECONDS COMMAND...: tries until it succeeds.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        pause 0.1
    done
}

client_is_there() {
    [[ $(</proc/asound/seq/clients) = *"\"$1\""* ]]
}

sequencer_is_loaded() {
    grep -q '^snd_seq ' /proc/modules
}

# Takes the sequencer's module away, with all that use it, and its node.
unload_sequencer() {
    local users
    while sequencer_is_loaded; do
        users=$(awk '$1 == "snd_seq" { gsub(",", " ", $4); sub("-", "", $4); print $4 }' /proc/modules)
        modprobe -r $users snd_seq || return 1
    done
    rm -f /dev/snd/seq
}

# field NAME: a number or word of `audiogenrl status --json`.
field() {
    local status pattern="\"$1\":\"?([^],\"}]*)"
    status=$(audiogenrl status --json)
    [[ ${status//[[:space:]]/} =~ $pattern ]] && echo "${BASH_REMATCH[1]}"
}

field_is() {
    [ "$(field "$1")" = "$2" ]
}

# What the service has logged since the last mark_log.
mark_log() {
    journalctl --sync
    log_mark=$(journalctl -u $unit -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
}

log_since() {
    journalctl --sync
    journalctl -u $unit -o cat ${log_mark:+--after-cursor="$log_mark"}
}

log_says() {
    log_since | grep -q "$1"
}

# Settings: the base, with the lines of standard input after it.
configure() {
    {
        printf '[correct]\nrepertoire = %s\n' $pieces
        printf '[output]\nconnect = ears\nconnect = FLUID*\n'
        printf '[input]\nconnect = keyboard\nconnect = Test Keyboard\n'
        cat
    } >$settings
}

# The same after what is there; a later key of one section counts as a second one.
configure_append() {
    local more
    more=$(cat)
    configure <<<"$more"
}

# repertoire FILE...: the pieces there are.
repertoire() {
    rm -rf $pieces
    mkdir -p $pieces
    cp "$@" $pieces/
    chmod -R a+rX $pieces
}

start_service() {
    systemctl start $unit && within 30 field_is complete true
}

# start_recording NAME: of what the service sends; it connects the recorder itself.
start_recording() {
    recording=$out/$1
    seqio record ears - "$recording" &
    recorder=$!
    within 5 recording_has recording
}

recording_has() {
    [[ $(<"$recording") = *"$1"* ]]
}

# heard TEXT [SECONDS]: waits until it stands in the recording.
heard() {
    within "${2:-5}" recording_has "$1"
}

stop_recording() {
    pause 0.5
    kill "$recorder"
    wait "$recorder"
}

# The note-ons and releases in a recording, counted by awk: prints the number
# of note-ons, and the channels' notes still held at its end. All notes off, all
# sound off and resets release all of their channel.
held_notes() {
    awk '$1 !~ /^#/ {
        kind = substr($2, 1, 1); channel = substr($2, 2, 1); key = channel " " $3
        if (kind == "9" && $4 != "00") { struck++; held[key]++ }
        else if (kind == "9" || kind == "8") { if (held[key] > 0) held[key]-- }
        else if (kind == "b" && ($3 == "7b" || $3 == "78"))
            for (k in held) if (substr(k, 1, 1) == channel) held[k] = 0
    }
    END { for (k in held) left += held[k]; print struck + 0, left + 0 }' "$1"
}

nothing_held() {
    [ "$(held_notes "$1" | cut -d ' ' -f 2)" = 0 ]
}
