# shellcheck shell=bash disable=SC2154,SC2086  # the names are those of common.sh, without blanks
# The page for the phone, as systemd starts it and shuts it in.
web=audiogenrl-web
port=8322
pieces=/var/lib/audiogenrl/repertoire
takes=/var/lib/audiogenrl/recordings
if [ ! -x /usr/local/bin/$web ]; then
    report "ok web: not built"
    exit 0
fi

# ask METHOD PATH [HEADER...]: the answer; a body comes from standard input.
ask() {
    local method=$1 path=$2 answer
    shift 2
    exec 5<>/dev/tcp/127.0.0.1/$port || return 1
    {
        printf '%s %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n' "$method" "$path" $port
        [ $# -eq 0 ] || printf '%s\r\n' "$@"
        printf '\r\n'
        [ $method = GET ] || cat
    } >&5
    answer=$(tr -d '\0' <&5)
    exec 5>&-
    printf '%s\n' "$answer"
}

says() {
    [[ $(ask "${@:2}" </dev/null) = "$1"* ]]
}

systemd-tmpfiles --create audiogenrl.conf
printf '[input]\nconnect = none\n[output]\nconnect = none\n[record]\nfolder = %s\n' $takes >$settings
systemctl daemon-reload
check "web: off by default" "$(systemctl list-units --all '*web*')" \
    [ -z "$(systemctl show -P WantedBy $web.socket)" ]
check "web: nothing listens" "" bash -c "! : </dev/tcp/127.0.0.1/$port"

printf '[web]\nlisten = 127.0.0.1:%s\n' $port >>$settings
systemctl daemon-reload
check "web: one setting switches it on" "$(systemctl show $web.socket)" \
    [ "$(systemctl show -P WantedBy $web.socket) $(systemctl show -P Listen $web.socket)" = "sockets.target 127.0.0.1:$port (Stream)" ]
systemctl start $web.socket
link=$($web --link)
token=${link##*=}
check "web: the link" "$link" [ "${link%=*}" = "http://127.0.0.1:$port/?token" ]
check "web: the token is for root and audio" "$(ls -l /etc/audiogenrl)" \
    [ "$(stat -c '%U %G %a' /etc/audiogenrl/web.token)" = "root audio 640" ]
start_service
cookie="Cookie: audiogenrl=$token"
origin="Origin: http://127.0.0.1:$port"
check "web: started by its socket, closed without the token" "$(journalctl -u $web -o cat)" \
    within 30 says "HTTP/1.1 401" GET /
check "web: open with it" "$(journalctl -u $web -o cat)" says "HTTP/1.1 200" GET / "$cookie"
check "web: speaks to the service" "$(ask GET /api/status "$cookie")" \
    says "HTTP/1.1 200" GET /api/status "$cookie"
length=$(stat -c %s $data/other.mid)
answer=$(ask PUT /api/pieces/new.mid "$cookie" "$origin" "Content-Length: $length" <$data/other.mid)
check "web: adds a piece" "$answer" [ "${answer:0:12}" = "HTTP/1.1 201" ]
check "web: for the service to read" "$(ls -ln $pieces)" [ "$(stat -c '%G %a' $pieces/new.mid)" = "audio 640" ]
cmp $data/other.mid $pieces/new.mid || report "not ok web: the piece has changed on its way"
check "web: the service learns it" "$(audiogenrl status)" within 60 field_is pieces 1
install -m 640 -g audio $data/other.mid $takes/2025-06-30_18-05-59.mid
answer=$(ask GET /api/reports/2025-06-30_18-05-59.mid "$cookie")
check "web: makes a report" "$(tail -n 1 <<<"$answer")" [ "${answer:0:12}" = "HTTP/1.1 200" ]
check "web: gives a recording" "" says "HTTP/1.1 200" GET /api/recordings/2025-06-30_18-05-59.mid "$cookie"
check "web: removes a piece" "$(ls -l $pieces)" \
    says "HTTP/1.1 200" DELETE /api/pieces/new.mid "$cookie" "$origin"
process=$(systemctl show -P MainPID $web.service)
check "web: is not root" "" [ "$(stat -c %u /proc/$process)" -ne 0 ]
check "web: has a network of its own, which is none" "" \
    [ "$(readlink /proc/$process/ns/net)" != "$(readlink /proc/1/ns/net)" ]
check "web: has no rights" "$(grep Cap /proc/$process/status)" \
    grep -q '^CapBnd:[[:space:]]*0*$' /proc/$process/status
kill -KILL $process
check "web: is back after it was killed" "$(journalctl -u $web -o cat)" \
    within 30 says "HTTP/1.1 200" GET / "$cookie"
systemctl stop $web.socket $web.service
check "web: stops as told" "$(systemctl show -P Result $web.service)" \
    [ "$(systemctl show -P Result $web.service)" = success ]
rm -f /etc/audiogenrl/web.token $takes/*.mid
