"""Clients that watch: what they are told, and that none of them can delay a note."""

import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from service import Service, audiogenrl, is_on, off, on

ROUNDS, NOTES = 150, 100


def watching(service):
    """A client that has given the command, and its stream."""
    client = service.connect()
    client.sendall(b'{"command": "watch"}\n')
    stream = client.makefile()
    assert json.loads(stream.readline())["ok"]
    return client, stream


def told(stream, count):
    """At least `count` events, and how many were missed."""
    events, missed = [], 0
    while len(events) + missed < count:
        line = json.loads(stream.readline())
        if line["watch"] == "missed":
            missed += line["events"]
        else:
            events += line["events"]
    return events, missed


class Watching(audiogenrl.Case):
    def log(self, service, *options):
        """audiogenrl log, when it watches."""
        service.connect().close()  # it is there
        log = subprocess.Popen(
            [audiogenrl.PROGRAM, "log", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "AUDIOGENRL_SOCKET": service.socket}, encoding="utf-8",
        )  # fmt: skip
        service.wait_for(lambda: service.ask("status")["watch"]["clients"] == 1, "the log")
        return log

    def test_log(self):
        with Service(self.folder, correct={"mode": "off"}) as service:
            log = self.log(service)
            service.send((0.5, on(61)), (1, bytes([0xC0, 5])), (1.25, "unplugged"))
            lines = [log.stdout.readline() for _ in range(6)]
            self.assertEqual(
                lines,
                [
                    "0.500000 played 90 3D 40\n",
                    "0.500000 sent 90 3D 40\n",
                    "1.000000 played C0 05\n",
                    "1.000000 sent C0 05\n",
                    "1.250000 let go\n",
                    "1.250000 sent 80 3D 40\n",
                ],
            )
            log.send_signal(signal.SIGINT)
            self.assertEqual(log.communicate(timeout=20)[1], "")
            self.assertEqual(log.returncode, 0)
            log = self.log(service, "--json")
            service.send((2, on(62)))
            self.assertEqual(json.loads(log.stdout.readline()), [2, "played", 0x90, 62, 64])
            service.stop()
            _, error = log.communicate(timeout=20)
            self.assertEqual((log.returncode, error), (1, "audiogenrl: the service has ended\n"))

    def test_what_is_played_and_what_is_sent(self):
        audiogenrl.piece("piece.mid")
        with Service(self.folder) as service:
            shutil.copy("piece.mid", service.repertoire)
        with Service(self.folder, correct={"mode": "generate"}) as service:
            client, stream = watching(service)
            service.send((0.5, on(61)), (1, bytes([0xC0, 5])), (1, b"\xf8"), (1.25, off(61)))
            pitch = service.receive(4)[0][1][1]
            events, missed = told(stream, 6)
            self.assertEqual(missed, 0)
            self.assertEqual(
                events,
                [
                    [0.5, "played", 0x90, 61, 64],
                    [0.5, "sent", 0x90, pitch, 64],
                    [1, "played", 0xC0, 5],
                    [1, "sent", 0xC0, 5],
                    [1.25, "played", 0x80, 61, 64],
                    [1.25, "sent", 0x80, pitch, 64],
                ],
            )
            service.send((2, on(62)), (3, "unplugged"))
            service.receive(5)
            events, _ = told(stream, 7)
            self.assertEqual(events[2], [3, "let go"])
            self.assertEqual(events[3][1:3], ["sent", 0x80])
            self.assertEqual(service.ask("status")["watch"], {"clients": 1, "missed": 0})
            stream.close()
            client.close()
            service.wait_for(
                lambda: service.ask("status")["watch"]["clients"] == 0, "the end of watching"
            )
            service.finish()

    def test_commands_go_on_beside_it(self):
        with Service(self.folder) as service:
            client, stream = watching(service)
            with client:
                service.send((0, on(60)))
                client.sendall(b'{"command": "mode", "value": "scale"}\n{"command": "watch"}\n')
                lines = [json.loads(stream.readline()) for _ in range(3)]
                self.assertEqual(sum("watch" in line for line in lines), 1)
                self.assertEqual(sum(line.get("ok", False) for line in lines), 2)
            service.finish()

    def test_who_does_not_read_misses_and_delays_nothing(self):
        with Service(self.folder) as service:
            lazy, slow_stream = watching(service)
            quick, stream = watching(service)
            worst = 0.0
            seen = 0
            for i in range(ROUNDS):
                events = [(i + n / NOTES / 2, (on, off)[n % 2](60)) for n in range(2 * NOTES)]
                began = time.monotonic()
                service.send(*events)
                service.receive(2 * NOTES)
                worst = max(worst, time.monotonic() - began)
                events, missed = told(stream, 4 * NOTES)
                self.assertEqual(missed, 0)
                seen += len(events)
            # Through two pipes and an interpreter, on a loaded machine.
            self.assertLess(worst, 1.0)
            self.assertEqual(seen, 4 * NOTES * ROUNDS)
            service.wait_for(lambda: service.ask("status")["watch"]["missed"] > 0, "a loss")
            events, missed = told(slow_stream, 4 * NOTES * ROUNDS)
            self.assertEqual(len(events) + missed, 4 * NOTES * ROUNDS)
            self.assertGreater(missed, 0)
            self.assertEqual(service.ask("status")["watch"]["missed"], missed)
            service.send((2 * ROUNDS, on(60)))
            events, missed = told(slow_stream, 2)
            self.assertEqual([e[1] for e in events], ["played", "sent"])
            for end in (lazy, slow_stream, quick, stream):
                end.close()
            service.finish()

    def test_clients_that_come_and_go(self):
        with Service(self.folder) as service:
            service.ask("status")
            for i in range(200):
                client, stream = watching(service)
                service.send((i, on(60)), (i + 0.5, off(60)))
                if i % 3 == 0:
                    told(stream, 4)
                stream.close()
                client.close()
            strikes = [e for e in service.finish() if is_on(e[1])]
            self.assertEqual(len(strikes), 200)


if __name__ == "__main__":
    unittest.main()
