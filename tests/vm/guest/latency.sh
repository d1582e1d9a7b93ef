# shellcheck shell=sh disable=SC2015,SC2086
# The small machine's test: round trips of notes through several programs, side
# by side. Everything it reads is in memory: waiting for a disk would make virtual time jump.

# await NAME: until a sequencer client of that name is there.
await() {
    tries=0
    until grep -q "\"$1\"" /proc/asound/seq/clients; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || {
            echo "not ok latency: no client $1"
            return 1
        }
        sleep 0.1
    done
}

modprobe snd-seq
mkdir -p /run/audiogenrl

# What the service makes of a piece, note by note: onsets are exact here.
audiogenrld -c /etc/audiogenrl/one.conf 2>/tmp/audiogenrld &
service=$!
await AudioGenRL && sleep 1
seqio record ears AudioGenRL:1 /tmp/play.txt &
recorder=$!
sleep 1
aplaymidi -p AudioGenRL:0 /played.mid || echo "not ok exact play: aplaymidi failed"
sleep 1
kill $recorder $service
wait $recorder $service
cp /tmp/play.txt /host/play.txt

passthrough passthrough &
audiogenrld -c /etc/audiogenrl/audiogenrl.conf 2>/tmp/audiogenrld &
await passthrough && await AudioGenRL || {
    cat /tmp/audiogenrld
    exit
}

# measure FILE OPTION... TARGET... The bench goes before all others, so that it has a
# note as soon as it was sent on, on this machine's one processor too.
measure() {
    file=$1
    shift
    if chrt -f 80 bench_latency "$@" >/tmp/$file 2>&1; then
        echo "ok latency measured: $file"
    else
        echo "not ok latency measured: $(tail -n 1 /tmp/$file)"
    fi
    cp /tmp/$file /host/$file
}

# At the times of the file, so that the piece is followed as a player is.
measure service -n 500 /played.mid kernel=- passthrough=passthrough \
    "service, mode off=AudioGenRL=audiogenrl mode off" \
    "service, mode correct=AudioGenRL=audiogenrl mode correct"
audiogenrl status --json >/host/status.json
# midish wakes up every millisecond, which costs the others time and takes long here.
{
    printf 'dnew 0 nil rw\nfnew t\nfmap {any {0 0..15}} {any {0 0..15}}\ni\n'
    sleep 100000
} | midish -b >/tmp/midish 2>&1 &
await midish/0 && measure midish -n 100 /played.mid kernel=- passthrough=passthrough midish=midish/0
