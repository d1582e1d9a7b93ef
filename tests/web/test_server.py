"""The page's server: who is let in, what passes, what is refused, and who can hold up whom."""

import contextlib
import io
import json
import os
import re
import select
import shutil
import signal
import socket
import time
import unittest
import zipfile

import audiogenrl
from service import Service, off, on
from web import HASTY, TOKEN, Events, Web

SANITIZED = bool(os.environ.get("SANITIZED"))

MIDI = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\x0c\0\x90\x3c\x40\x60\x80\x3c\x40\0\xff\x2f\0"


def is_status(name, told):
    return name == "status" and told.get("ok")


class Door(audiogenrl.Case):
    def setUp(self):
        super().setUp()
        self.web = Web(self.folder)
        self.addCleanup(self.web.__exit__)

    def test_nothing_without_the_token(self):
        with open(os.path.join(self.web.recordings, "r.mid"), "wb") as file:
            file.write(MIDI)
        paths = ["/", "/page.js", "/player.js", "/style.css", "/icon.svg", "/icon.png",
                 "/manifest.webmanifest", "/api/events", "/api/pieces", "/api/ports",
                 "/api/status", "/api/command", "/api/recordings", "/api/recordings/r.mid",
                 "/api/reports/r.mid", "/nothing", "/../../etc/passwd"]  # fmt: skip
        for path in paths:
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
                for token in (None, "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
                    with self.subTest(path=path, method=method, token=token):
                        status, headers, text = self.web.request(method, path, token=token)
                        self.assertEqual(status, 401)
                        self.assertNotIn(TOKEN.encode(), text)
                        self.assertNotIn("Set-Cookie", headers)
        # The token in the address opens the page, and no other path.
        for path in paths[1:]:
            self.assertEqual(self.web.get(f"{path}?token={TOKEN}", token=None)[0], 401, path)
        self.assertEqual(self.web.get("/?token=abcdefghijkmnpqrstuvwxyz24", token=None)[0], 401)

    def test_the_address_with_the_token(self):
        status, headers, text = self.web.get(f"/?token={TOKEN}", token=None)
        self.assertEqual(status, 200)
        self.assertIn(b"<main>", text)
        self.assertEqual(
            headers["Set-Cookie"],
            f"audiogenrl={TOKEN}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict",
        )
        self.assertNotIn(TOKEN.encode(), text)
        self.assertNotIn("Set-Cookie", self.web.get("/")[1])

    def test_headers(self):
        for path, token in [("/", TOKEN), ("/page.js", TOKEN), ("/api/recordings", TOKEN),
                            ("/none", TOKEN), ("/", None), ("/manifest.webmanifest", TOKEN)]:  # fmt: skip
            with self.subTest(path=path, token=token):
                _, headers, _ = self.web.get(path, token=token)
                policy = headers["Content-Security-Policy"]
                self.assertTrue(policy.startswith("default-src 'none'"), policy)
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertIn("base-uri 'none'", policy)
                self.assertNotIn("unsafe-eval", policy)
                self.assertNotRegex(policy, r"script-src[^;]*unsafe")
                self.assertNotIn("http", policy)
                self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(headers["Referrer-Policy"], "no-referrer")
                self.assertEqual(headers["Cross-Origin-Resource-Policy"], "same-origin")
                self.assertIsNone(headers["Access-Control-Allow-Origin"])
                self.assertRegex(headers["Cache-Control"], "no-store|private, no-cache")

    def test_other_pages(self):
        body = json.dumps({"command": "panic"})
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{self.web.port + 1}", ""):
            with self.subTest(origin=origin):
                asked = self.web.request(
                    "POST", "/api/command", body, headers={"Origin": origin}, origin=False
                )
                self.assertEqual(asked[0], 403)
        self.assertEqual(self.web.request("POST", "/api/command", body, origin=False)[0], 403)
        self.assertEqual(
            self.web.get("/api/recordings", headers={"Sec-Fetch-Site": "cross-site"})[0], 403
        )
        self.assertEqual(self.web.get("/", headers={"Host": "evil.example"})[0], 200)  # reads only

    def test_paths(self):
        secret = os.path.join(self.folder, "secret.mid")
        with open(secret, "wb") as file:
            file.write(b"secret")
        os.symlink(secret, os.path.join(self.web.recordings, "link.mid"))
        for folder in ("recordings", "reports", "pieces"):
            for name in ("../secret.mid", "..%2fsecret.mid", "%2e%2e%2fsecret.mid",
                         "..%252fsecret.mid", "..\\secret.mid", "%2e%2e/secret.mid", "/etc/passwd",
                         "%00../secret.mid", "secret.mid%00.mid", "./../secret.mid",
                         "..%c0%afsecret.mid", "link.mid", ".token.mid",
                         secret.replace("/", "%2f")):  # fmt: skip
                with self.subTest(folder=folder, name=name):
                    connection = self.web.dial(
                        self.web.head("GET", f"/api/{folder}/{name}", "Connection: close")
                    )
                    with connection:
                        answer = connection.makefile("rb").read()
                    self.assertRegex(answer.split(b"\r\n")[0], rb"^HTTP/1.1 40[045] ")
                    self.assertNotIn(b"secret\n", answer)
                    self.assertFalse(answer.endswith(b"secret"))
        self.assertEqual(self.web.request("DELETE", "/api/pieces/..%2fsecret.mid")[0], 404)
        self.assertTrue(os.path.exists(secret))

    def test_not_changed(self):
        _, headers, text = self.web.get("/style.css")
        status, again, nothing = self.web.get(
            "/style.css", headers={"If-None-Match": headers["ETag"]}
        )
        self.assertEqual((status, nothing), (304, b""))
        self.assertEqual(again["ETag"], headers["ETag"])
        self.assertGreater(len(text), 1000)

    def test_size_and_links(self):
        """All of the page is small, and asks for nothing from elsewhere."""
        total = 0
        for path in ("/", "/page.js", "/player.js", "/style.css", "/icon.svg", "/icon.png",
                     "/manifest.webmanifest"):  # fmt: skip
            status, _, text = self.web.get(path)
            self.assertEqual(status, 200)
            total += len(text)
            for link in re.findall(rb"https?://[^\s\"'<>)]*", text):
                self.assertEqual(link, b"http://www.w3.org/2000/svg", path)  # a name, no address
        self.assertLessEqual(total, 150_000)
        _, headers, text = self.web.get("/manifest.webmanifest")
        self.assertEqual(headers["Content-Type"], "application/manifest+json")
        self.assertEqual(json.loads(text)["start_url"], f"/?token={TOKEN}")

    def test_without_a_service(self):
        for path in ("/api/status", "/api/pieces", "/api/ports"):
            status, told = self.web.ask("GET", path)
            self.assertEqual(status, 503)
            self.assertIn("systemctl start audiogenrl", told["error"])
        self.assertEqual(self.web.command("panic")[0], 503)
        events = Events(self.web)
        events.wait_for(lambda name, told: name == "lost" and "not running" in told, "the loss")
        events.close()

    def test_stops(self):
        events = Events(self.web)
        events.wait_for(lambda name, _: name == "lost", "the loss")
        with self.web.dial(b"GET / HTTP"):
            self.assertEqual(self.web.stop(), "")
        events.close()

    def test_requests_that_are_none(self):
        self.web.__exit__()
        self.web = Web(self.folder, program=HASTY)
        self.addCleanup(self.web.__exit__)
        for text in (b"\0" * 64, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 50,
                     b"GET / HTTP/1.1\r\n\r\n", b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"POST /api/command HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
                     b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n"):  # fmt: skip
            with self.web.dial() as connection:
                try:
                    connection.sendall(text)
                    connection.shutdown(socket.SHUT_WR)
                    connection.makefile("rb").read()
                except OSError:
                    pass
        self.assertEqual(self.web.get("/")[0], 200)


class Uploads(audiogenrl.Case):
    def setUp(self):
        super().setUp()
        self.web = Web(self.folder)
        self.addCleanup(self.web.__exit__)

    def pieces(self):
        return sorted(os.listdir(self.web.repertoire))

    def refused(self, status, *lines, method="PUT", path="/api/pieces/x.mid"):
        """Before a byte of the body has come."""
        with self.web.dial(self.web.head(method, path, *lines)) as connection:
            answer = connection.recv(4096)
            self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer[:200])
        self.assertEqual(self.pieces(), [])

    def test_limits(self):
        self.refused(413, "Content-Length: 8388609")
        self.refused(413, "Content-Length: 99999999999999")
        self.refused(411, "Transfer-Encoding: chunked")
        self.refused(411, "Transfer-Encoding: chunked", "Content-Length: 10")
        self.refused(411, "Content-Length: 10", "Transfer-Encoding: chunked")
        self.refused(413, "Content-Length: 1025", method="POST", path="/api/command")
        self.refused(413, "Content-Length: 1", method="DELETE")
        self.refused(404, "Content-Length: 10", path="/api/pieces/x.exe")
        with self.web.dial(self.web.head("PUT", "/api/pieces/x.mid", "Content-Length: 99999999999999999999")) as connection:
            self.assertRegex(connection.recv(4096), rb"^HTTP/1.1 4\d\d |^$")

    def test_a_piece(self):
        self.assertEqual(self.web.ask("PUT", "/api/pieces/F%C3%BCr%20Elise.mid", MIDI), (201, {"ok": True}))
        self.assertEqual(self.pieces(), ["Für Elise.mid"])
        status, told = self.web.ask("PUT", "/api/pieces/F%C3%BCr%20Elise.mid", MIDI)
        self.assertEqual(status, 409)
        self.assertIn("already", told["error"])
        for junk in (b"", b"MZ" * 500, b"<html>", MIDI[3:], b"\x89PNG\r\n\x1a\n"):
            self.assertEqual(self.web.ask("PUT", "/api/pieces/junk.mid", junk)[0], 415)
        self.assertEqual(self.pieces(), ["Für Elise.mid"])
        self.assertEqual(self.web.ask("DELETE", "/api/pieces/F%C3%BCr%20Elise.mid"), (200, {"ok": True}))
        self.assertEqual(self.web.ask("DELETE", "/api/pieces/F%C3%BCr%20Elise.mid")[0], 404)
        self.assertEqual(self.pieces(), [])

    def test_one_at_a_time_and_nothing_left_of_a_half(self):
        head = self.web.head("PUT", "/api/pieces/half.mid", "Content-Length: 1000")
        with self.web.dial(head + MIDI):
            self.wait(lambda: self.pieces() != [])
            self.assertNotIn("half.mid", self.pieces())
            self.assertEqual(self.web.ask("PUT", "/api/pieces/x.mid", MIDI)[0], 503)
        self.wait(lambda: self.pieces() == [])
        self.assertEqual(self.web.ask("PUT", "/api/pieces/x.mid", MIDI)[0], 201)

    def wait(self, condition):
        until = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)

    def test_many_megabytes_take_no_memory(self):
        self.assertEqual(self.web.ask("PUT", "/api/pieces/small.mid", MIDI)[0], 201)
        before = self.web.memory()
        piece = MIDI + bytes(8 * 1024 * 1024 - len(MIDI))
        self.assertEqual(self.web.ask("PUT", "/api/pieces/large.mid", piece)[0], 201)
        self.assertLess(self.web.memory() - before, 1024)
        self.assertEqual(os.path.getsize(os.path.join(self.web.repertoire, "large.mid")), len(piece))


class Slow(audiogenrl.Case):
    """Those who say little, for long, and many of them. Twenty seconds are two here."""

    def setUp(self):
        super().setUp()
        self.web = Web(self.folder, program=HASTY)
        self.addCleanup(self.web.__exit__)

    def test_slowloris(self):
        """40 connections that send a byte now and then are cut off, and hold up nobody."""
        slow = [self.web.dial(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ") for _ in range(40)]
        begin = time.monotonic()
        open_ones = set(slow)
        while open_ones and time.monotonic() - begin < 20:
            asked = time.monotonic()
            self.assertEqual(self.web.get("/")[0], 200)
            self.assertLess(time.monotonic() - asked, 2)
            for connection in list(open_ones):
                try:
                    connection.sendall(b"b")
                    if select.select([connection], [], [], 0)[0] and not connection.recv(1000):
                        open_ones.discard(connection)
                except OSError:
                    open_ones.discard(connection)
            time.sleep(0.2)
        lasted = time.monotonic() - begin
        self.assertEqual(len(open_ones), 0)
        self.assertGreater(lasted, 1)
        for connection in slow:
            connection.close()

    def test_a_body_that_trickles(self):
        head = self.web.head("PUT", "/api/pieces/x.mid", "Content-Length: 100000")
        with self.web.dial(head) as connection:
            begin = time.monotonic()
            with self.assertRaises(OSError):
                while time.monotonic() - begin < 20:
                    connection.sendall(b"x")
                    time.sleep(0.1)
            self.assertGreater(time.monotonic() - begin, 4)
        self.assertEqual(os.listdir(self.web.repertoire), [])

    def test_an_answer_that_nobody_takes(self):
        with open(os.path.join(self.web.recordings, "r.mid"), "wb") as file:
            file.write(bytes(16 << 20))
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", self.web.port))
            connection.sendall(self.web.head("GET", "/api/recordings/r.mid"))
            time.sleep(4)
            taken = 0
            with contextlib.suppress(OSError):
                while got := connection.recv(1 << 20):
                    taken += len(got)
            self.assertLess(taken, 16 << 20)

    def test_too_many(self):
        many = [self.web.dial() for _ in range(48)]
        with self.web.dial(timeout=2) as more:
            more.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                self.assertEqual(more.recv(100), b"")  # closed at once
            except OSError:
                pass
        for connection in many:
            connection.close()
        time.sleep(0.3)
        self.assertEqual(self.web.get("/")[0], 200)


class Live(audiogenrl.Case):
    """With a real service behind it."""

    def test_commands_and_what_two_phones_see(self):
        audiogenrl.piece("piece.mid")
        with Service(self.folder) as service, Web(self.folder, service) as web:
            one, two = Events(web), Events(web)
            for phone in (one, two):
                phone.wait_for(is_status, "a status")
            self.assertEqual(web.command("mode", "scale"), (200, {"ok": True, "bypass": False, "fade": False}))
            for phone in (one, two):
                phone.wait_for(lambda n, t: is_status(n, t) and t["mode"] == "scale", "the mode")
            self.assertEqual(web.command("bypass", "toggle")[1]["bypass"], True)
            for phone in (one, two):
                phone.wait_for(lambda n, t: is_status(n, t) and t["bypass"], "the bypass")
            self.assertEqual(web.command("bypass", "off")[0], 200)
            self.assertEqual(web.command("follow", 0.5)[0], 200)
            self.assertEqual(web.command("follow", 500)[0], 409)
            self.assertEqual(web.command("mode", "x")[0], 409)
            self.assertEqual(web.command("reload")[0], 400)
            self.assertEqual(web.command("panic")[0], 200)
            service.send((1, on(61)), (2, off(61)))
            service.receive(2)
            for phone in (one, two):
                phone.wait_for(lambda n, t: n == "message" and len(phone.notes()) >= 4, "the notes")
                self.assertEqual([e[1] for e in phone.notes()], ["played", "sent"] * 2)
            # One client of the service, however many phones.
            self.assertEqual(service.ask("status")["watch"]["clients"], 1)
            one.close()
            two.close()
            service.wait_for(
                lambda: service.ask("status")["watch"]["clients"] == 0, "the end of watching"
            )
            service.finish()

    def test_pieces(self):
        for seed, name in enumerate(("one", "two")):
            audiogenrl.piece(f"{name}.mid", seed=seed)
        with Service(self.folder) as service, Web(self.folder, service) as web:
            def listed(count):
                return lambda: [p["state"] for p in web.ask("GET", "/api/pieces")[1].get("pieces", [])] == ["ready"] * count

            for name in ("one", "two"):
                self.assertEqual(
                    web.ask("PUT", f"/api/pieces/{name}.mid", audiogenrl.content(f"{name}.mid"))[0], 201
                )
            service.wait_for(listed(2), "the pieces")
            told = web.ask("GET", "/api/pieces")[1]
            self.assertEqual([p["file"] for p in told["pieces"]], ["one.mid", "two.mid"])
            self.assertEqual([p["names"] for p in told["pieces"]], [["one"], ["two"]])
            self.assertIsNone(told["locked"])
            self.assertEqual(web.command("lock", "two.mid")[1]["locked"], "two.mid")
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the lock")
            self.assertEqual(web.command("lock", "three.mid")[0], 409)
            self.assertEqual(web.command("lock", "../two.mid")[0], 409)
            self.assertEqual(web.ask("GET", "/api/pieces")[1]["locked"], "two.mid")
            self.assertEqual(web.command("unlock")[1]["locked"], None)
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 2, "both")
            # A piece that is followed alone and then removed.
            web.command("lock", "one.mid")
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the lock")
            self.assertEqual(web.ask("DELETE", "/api/pieces/one.mid")[0], 200)
            service.wait_for(lambda: web.ask("GET", "/api/pieces")[1]["locked"] is None, "the end of the lock")
            service.wait_for(listed(1), "the rest")
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the rest")

    def test_bombs(self):
        """What unpacks to much more than it is, or is damaged, is named and not used."""
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("META-INF/container.xml",
                             '<container><rootfiles><rootfile full-path="s.xml"/></rootfiles></container>')  # fmt: skip
            archive.writestr("s.xml", b"<score-partwise>" + b" " * (100 << 20))
        self.assertLess(len(bomb.getvalue()), 1 << 20)
        laughs = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(
            f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
        ) + "]><score-partwise>&j;</score-partwise>"
        with Service(self.folder) as service, Web(self.folder, service) as web:
            files = {"bomb.mxl": bomb.getvalue(), "laughs.xml": laughs.encode(),
                     "cut.mid": MIDI[:20]}  # fmt: skip
            for name, content in files.items():
                self.assertEqual(web.ask("PUT", f"/api/pieces/{name}", content)[0], 201, name)
            def all_unusable():
                pieces = web.ask("GET", "/api/pieces")[1].get("pieces", [])
                return len(pieces) == 3 and all(p["state"] == "unusable" and p["why"] for p in pieces)

            service.wait_for(all_unusable, "the verdict")
            self.assertEqual(service.ask("status")["repertoire"]["pieces"], 0)

    def test_a_lost_service(self):
        with Service(self.folder) as service:
            with Web(self.folder, service) as web:
                events = Events(web)
                events.wait_for(is_status, "a status")
                service.stop(signal.SIGKILL, expect=-9)
                events.wait_for(lambda name, told: name == "lost" and "has gone" in told, "the loss", patience=5)
                self.assertEqual(web.ask("GET", "/api/status")[0], 503)
                self.assertEqual(web.get("/")[0], 200)
                count = len(events.told)
                with Service(self.folder):
                    def again(name, told):
                        return events.told.index((name, told)) >= count and is_status(name, told)

                    events.wait_for(again, "the service again", patience=10)
                events.close()

    def test_a_service_that_stands_still(self):
        with Service(self.folder) as service, Web(self.folder, service) as web:
            events = Events(web)
            events.wait_for(is_status, "a status")
            service.process.send_signal(signal.SIGSTOP)
            try:
                begin = time.monotonic()
                self.assertEqual(web.ask("GET", "/api/status")[0], 503)
                self.assertLess(time.monotonic() - begin, 10)
                self.assertEqual(web.get("/")[0], 200)
                events.wait_for(lambda name, told: name == "lost", "the loss")
            finally:
                service.process.send_signal(signal.SIGCONT)
            events.close()

    def test_a_stalled_phone_delays_nobody(self):
        """One phone takes nothing; notes come out, others are told, and memory does not grow."""
        rounds, notes = 60, 100
        with Service(self.folder) as service, Web(self.folder, service) as web:
            stalled = socket.socket()
            stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stalled.connect(("127.0.0.1", web.port))
            stalled.sendall(web.head("GET", "/api/events"))
            phone = Events(web)
            phone.wait_for(is_status, "a status")
            before, late = web.memory(), 0
            for turn in range(rounds):
                base = 1 + turn * 0.1
                begin = time.monotonic()
                service.send(*(
                    (base + i / 1e4, (off if i % 2 else on)(60 + i // 2 % 12)) for i in range(notes)
                ))  # fmt: skip
                service.receive(notes)
                late = max(late, time.monotonic() - begin)
            def has_all_or_knows(name, told):
                gone = name == "missed" or (name == "message" and told["watch"] == "missed")
                return gone or len(phone.notes()) >= 2 * rounds * notes

            phone.wait_for(has_all_or_knows, "the notes")
            self.assertLess(late, 2)
            self.assertLess(web.memory() - before, 2048)
            self.assertEqual(service.ask("status")["events"]["dropped"], 0)
            stalled.close()
            phone.close()
            service.finish()

    def test_twenty_phones(self):
        with Service(self.folder) as service, Web(self.folder, service) as web:
            phones = [Events(web) for _ in range(20)]
            for phone in phones:
                phone.wait_for(is_status, "a status")
            for i in range(50):
                service.send((1 + i / 10, on(60)), (1 + i / 10 + 0.05, off(60)))
            service.receive(100)
            for phone in phones:
                phone.wait_for(lambda n, t, p=phone: len(p.notes()) >= 200, "the notes")
                self.assertEqual(phone.notes(), phones[0].notes())
            self.assertEqual(service.ask("status")["watch"], {"clients": 1, "missed": 0})
            if not SANITIZED:
                self.assertLess(web.memory(), 10 * 1024)
            extra = [Events(web) for _ in range(13)]
            self.assertEqual([e.status for e in extra], [200] * 12 + [503])
            for phone in phones + extra:
                phone.close()
            service.finish()


class Recordings(audiogenrl.Case):
    def test_list_save_and_report(self):
        audiogenrl.piece("piece.mid")
        with Web(self.folder) as web:
            shutil.copy("piece.mid", web.repertoire)
            name = "2025-06-30_18-05-59.mid"
            self.succeeds("errors", "-q", "slip:p=0.1", "piece.mid", "-o",
                          os.path.join(web.recordings, name))  # fmt: skip
            os.utime(os.path.join(web.recordings, name), (1700000000, 1700000000))
            with open(os.path.join(web.recordings, "bad.mid"), "wb") as file:
                file.write(b"no music")
            listed = web.ask("GET", "/api/recordings")[1]
            self.assertEqual([each["name"] for each in listed], ["bad.mid", name])
            status, headers, text = web.get(f"/api/recordings/{name}")
            self.assertEqual((status, text), (200, audiogenrl.content(os.path.join(web.recordings, name))))
            self.assertTrue(headers["Content-Disposition"].startswith("attachment; filename*="))
            for _ in range(2):
                status, headers, text = web.get(f"/api/reports/{name}")
                self.assertEqual(status, 200)
                self.assertIn(b"practice report", text.lower())
                self.assertTrue(headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'"))
                stamp = os.stat(os.path.join(web.reports, name.replace(".mid", ".html"))).st_mtime_ns
            again = os.stat(os.path.join(web.reports, name.replace(".mid", ".html"))).st_mtime_ns
            self.assertEqual(stamp, again)
            status, told = web.ask("GET", "/api/reports/bad.mid")
            self.assertEqual(status, 500)
            self.assertGreater(len(told["error"]), 10)
            self.assertEqual(web.ask("GET", "/api/reports/none.mid")[0], 404)
            # One that is still being recorded, by the clock of a machine that is ahead.
            ahead = time.time() + 3600
            os.utime(os.path.join(web.recordings, name), (ahead, ahead))
            self.assertEqual(web.get(f"/api/reports/{name}")[0], 200)

    def test_one_report_at_a_time_and_a_stop_in_the_middle(self):
        with open("slow", "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nexec sleep 60\n")
        os.chmod("slow", 0o755)
        with Web(self.folder, environment={"AUDIOGENRL": os.path.join(self.folder, "slow")}) as web:
            with open(os.path.join(web.recordings, "r.mid"), "wb") as file:
                file.write(MIDI)
            with web.dial(web.head("GET", "/api/reports/r.mid")):
                deadline = time.monotonic() + 20
                while not self.is_making(web):
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.02)
                self.assertEqual(web.get("/api/reports/r.mid")[0], 503)
                self.assertEqual(web.get("/")[0], 200)
                self.assertEqual(web.stop(), "")

    def is_making(self, web):
        with open(f"/proc/{web.process.pid}/task/{web.process.pid}/children", encoding="ascii") as file:
            return bool(file.read().strip())


if __name__ == "__main__":
    unittest.main()
