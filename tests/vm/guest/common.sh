# What the tests in the full machine share.
# shellcheck shell=bash disable=SC2034,SC2086
#
# Lines `ok NAME` and `not ok NAME: why` go to the console and to /host/results;
# recordings, which the host compares, to /host/out; data come from /host/data.

data=/host/data
out=/host/out
settings=/etc/audiogenrl/audiogenrl.conf
pieces=/srv/repertoire
unit=audiogenrl.service

uptime_now() {
    cut -d ' ' -f 1 /proc/uptime
}

report() {
    printf '%s\n' "$*" | tee -a /host/results
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
        sleep 0.1
    done
}

client_is_there() {
    grep -q "^Client.*\"$1\"" /proc/asound/seq/clients
}

# field NAME: a number or word of `audiogenrl status --json`.
field() {
    audiogenrl status --json | tr -d ' \n' | grep -oP "\"$1\":\"?\K[^,\"}\]]*"
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
    systemctl reset-failed $unit
    systemctl start $unit && within 30 field_is complete true
}

# start_recording NAME: of what the service sends; it connects the recorder itself.
start_recording() {
    recording=$out/$1
    seqio record ears - "$recording" &
    recorder=$!
    within 5 grep -q recording "$recording"
}

heard() {
    within "${2:-5}" grep -q "$1" "$recording"
}

stop_recording() {
    sleep 0.5
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
