"""Stopping at the worst moment: clients watch, one of them reads nothing, a recording
runs, and pieces are being learned."""

import glob
import json
import os
import shutil
import signal
import unittest

import mido
from service import PATIENCE, Service, audiogenrl, is_on, off, on, sounding

PIECES = 8
LIMIT = 1000000


class Stopping(audiogenrl.Case):
    def setUp(self):
        super().setUp()
        self.takes = os.path.join(self.folder, "takes")

    def recorded(self):
        (path,) = glob.glob(os.path.join(self.takes, "*"))
        file = mido.MidiFile(path)
        return {
            track.name: [(0, bytes(m.bytes())) for m in track if not m.is_meta]
            for track in file.tracks
        }

    def watching(self, service):
        client = service.connect()
        client.sendall(b'{"command": "watch"}\n')
        stream = client.makefile()
        self.assertTrue(json.loads(stream.readline())["ok"])
        return client, stream

    def test_with_watchers_a_recording_a_lesson_and_a_stalled_client(self):
        os.mkdir("pieces")
        for i in range(PIECES):
            audiogenrl.piece(f"pieces/{i}.mid", bars=32, seed=i)
        for how in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            shutil.rmtree(self.takes, ignore_errors=True)
            with Service(
                self.folder,
                options=["--quiet"],  # its own clock: it does not wait for the pieces
                correct={"mode": "off"},
                record={"folder": self.takes},
            ) as service:
                watchers = [self.watching(service) for _ in range(2)]
                stalled = service.connect()
                stalled.setblocking(False)
                try:
                    while True:
                        stalled.send(b'{"command": "status"}\n')
                except (BlockingIOError, ConnectionError):
                    pass
                service.wait_for(lambda: service.ask("status")["ports"]["open"], "the port")
                for i in range(PIECES):
                    shutil.copy(f"pieces/{i}.mid", service.repertoire)
                keys = range(60, 72)
                service.send(*[(0, on(key)) for key in keys])
                sent = service.receive(len(keys))
                sent += service.stop(how)
            self.assertEqual(sounding(sent), {})
            self.assertFalse(os.path.exists(service.socket))
            recorded = self.recorded()
            self.assertEqual([d[1] for _, d in recorded["played"] if is_on(d)], list(keys))
            self.assertEqual([d[1] for _, d in recorded["sent"] if is_on(d)], list(keys))
            self.assertEqual(sounding(recorded["sent"]), {})
            for client, stream in watchers:
                told = [e for line in stream for e in json.loads(line)["events"]]
                self.assertEqual([e[1:3] for e in told[:2]], [["played", 0x90], ["sent", 0x90]])
                # They are told to the end, the releases of the stop too.
                held = [e[3] for e in told if e[1] == "sent" and e[2] == 0x90]
                freed = [e[3] for e in told if e[1] == "sent" and e[2] == 0x80]
                self.assertEqual(sorted(freed), held)
                stream.close()
                client.close()
            stalled.close()

    def test_a_watcher_that_goes_as_its_reload_ends_the_recording(self):
        """What the recording's end tells the watchers finds that one gone."""
        with Service(self.folder, record={"folder": self.takes}) as service:
            for i in range(20):
                client, stream = self.watching(service)
                service.write_config(record={"folder": f"{self.takes}{i % 2}"})
                service.send((i, on(60)), (i, off(60)))
                service.receive(2)
                client.sendall(b'{"command": "reload"}\n')
                stream.close()
                client.close()
            self.assertTrue(service.ask("status")["ok"])
            service.wait_for(
                lambda: service.ask("status")["watch"]["clients"] == 0, "the end of watching"
            )
            service.finish()


    def test_while_nobody_reads_what_is_sent(self):
        with Service(self.folder, reads=False) as service:
            service.ask("status")
            written = 0
            os.set_blocking(service.process.stdin.fileno(), False)
            try:
                while written < LIMIT:
                    text = "".join(f"{i} 90 {i % 128:02X} 40\n" for i in range(written, written + 100))
                    written += os.write(service.process.stdin.fileno(), text.encode()) and 100
            except BlockingIOError:
                pass
            self.assertLess(written, LIMIT)
            for command in ("panic", "status", "reload"):
                self.assertTrue(service.ask(command)["ok"])
            service.process.send_signal(signal.SIGTERM)
            self.assertEqual(service.process.wait(timeout=PATIENCE), 0)


if __name__ == "__main__":
    unittest.main()
