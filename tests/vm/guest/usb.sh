# shellcheck shell=bash disable=SC2154,SC2086,SC2046  # the names are those of common.sh, without blanks
# A USB MIDI keyboard, pulled out in the middle of a chord and plugged in again,
# ten times.
repertoire $data/piece.model
configure </dev/null
modprobe -a snd_usb_audio dummy_hcd libcomposite usb_f_midi
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
gadget=/sys/kernel/config/usb_gadget/kbd
mkdir -p $gadget
echo 0x1d6b >$gadget/idVendor
echo 0x0104 >$gadget/idProduct
mkdir -p $gadget/strings/0x409 $gadget/configs/c.1 $gadget/functions/midi.usb0
echo "Test Keyboard" >$gadget/strings/0x409/product
ln -s $gadget/functions/midi.usb0 $gadget/configs/c.1/

start_service
start_recording usb.txt
heard '# subscribed'
keyboard_is_there() {
    [[ $(</proc/asound/seq/clients) == *'"Test Keyboard"'* ]]
}
keyboard_is_gone() {
    ! keyboard_is_there
}
# No other program is run for it: under emulation that takes longer than what is timed.
connected() {
    local clients
    clients=$(</proc/asound/seq/clients)
    clients=${clients#*\"Test Keyboard\"}
    [[ ${clients%%Client *} == *'Connecting To'* ]]
}
chord_is_heard() {
    [ "$(held_notes $recording)" = "$1 3" ]
}
failures=0
slowest=0
for round in 1 2 3 4 5 6 7 8 9 10; do
    echo dummy_udc.0 >$gadget/UDC
    within 20 keyboard_is_there || report "not ok usb $round: the keyboard did not come"
    came=${EPOCHREALTIME/./}
    within 10 connected || {
        report "not ok usb $round: not connected"
        failures=$((failures + 1))
    }
    took=$(((${EPOCHREALTIME/./} - came) / 1000))
    [ "$took" -le $slowest ] || slowest=$took
    card=$(awk '/f_midi/ { print $1; exit }' /proc/asound/cards)
    amidi -p "hw:$card,0" -S '90 3C 64 90 40 65 90 43 66'
    within 5 chord_is_heard $((3 * round)) || {
        report "not ok usb $round: the chord did not come: $(held_notes $recording)"
        failures=$((failures + 1))
    }
    echo >$gadget/UDC
    within 10 keyboard_is_gone
    within 3 nothing_held $recording || {
        report "not ok usb $round: held after the keyboard was pulled out: $(held_notes $recording)"
        failures=$((failures + 1))
    }
done
stop_recording
check "usb keyboard pulled out and plugged in ten times" "$failures failures" [ $failures -eq 0 ]
check "usb keyboard connected within a second" "slowest: $slowest ms" [ $slowest -le 1000 ]
echo "# usb: connected within $slowest ms of its client's coming" >>/srv/vm/results
