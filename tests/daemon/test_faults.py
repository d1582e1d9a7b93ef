"""The service in a system that fails: each call in its turn, or a part of a transfer.
AUDIOGENRLD is the copy that faults.c is linked into."""

import glob
import json
import os
import shutil
import signal
import unittest

import mido
from service import PATIENCE, Service, audiogenrl, is_on, off, on, sounding

# Every so many-th call is made to fail; 1: all of them, which takes minutes.
STEP = int(os.environ.get("FAULTS_STEP", 7))
KEYS = range(60, 66)


class Failing(audiogenrl.Case):
    def setUp(self):
        super().setUp()
        self.takes = os.path.join(self.folder, "takes")
        os.mkdir("repertoire")
        audiogenrl.piece("repertoire/piece.mid", bars=4)

    def service(self, faults, **sections):
        return Service(
            self.folder,
            environment={"FAULTS": faults},
            correct={"repertoire": os.path.join(self.folder, "repertoire"), "mode": "off"},
            record={"folder": self.takes},
            **sections,
        )

    def recorded(self, folder):
        notes = []
        for path in sorted(glob.glob(os.path.join(folder, "*.mid"))):
            (track,) = [t for t in mido.MidiFile(path).tracks if t.name == "played"]
            notes += [m.note for m in track if m.type == "note_on"]
        return notes

    def visit(self, service):
        """A client that does everything once, and takes it as it comes; what it was told."""
        other = os.path.join(self.folder, "other")
        answers = {}
        for command in ("watch", "status", "ports", "reload", "panic", "status"):
            try:
                if command == "reload":
                    service.write_config(
                        correct={"repertoire": service.repertoire, "mode": "scale"},
                        record={"folder": other},
                    )
                with service.connect() as client, client.makefile() as stream:
                    client.sendall(json.dumps({"command": command}).encode() + b"\n")
                    if command == "watch":
                        service.send((2, on(70)), (3, off(70)))
                    answers[command] = json.loads(stream.readline())
            except (OSError, ValueError):
                pass  # it was cut off
        return answers

    def play(self, service):
        try:
            service.send(*[(0, on(key)) for key in KEYS], *[(1, off(key)) for key in KEYS])
        except BrokenPipeError:
            pass

    def run_with(self, number, count=None):
        shutil.rmtree(self.takes, ignore_errors=True)
        shutil.rmtree("other", ignore_errors=True)
        with self.service(f"call={number}" + (f" count={count}" if count else "")) as service:
            self.play(service)
            answers = self.visit(service)
            service.process.send_signal(signal.SIGTERM)
            events = []
            while (event := service.lines.get(timeout=PATIENCE)) is not None:
                events.append(event)
            code = service.process.wait(timeout=PATIENCE)
            service.readers[-1].join()
        log = "\n".join(service.log)
        self.assertIn(code, (0, 1), log)
        self.assertNotIn("Sanitizer", log)
        self.assertEqual(sounding(events), {}, log)
        if code == 1:
            self.assertTrue(service.log, "it ended without a word")
            return
        # Settings are taken as a whole.
        if "status" in answers and answers["status"].get("recording"):
            new = answers["status"]["recording"]["folder"].endswith("other")
            self.assertEqual(answers["status"]["mode"] == "scale", new, log)
        # What is missing in the recordings is not missing without a word.
        played = sorted(d[1] for _, d in events if is_on(d))
        if sorted(self.recorded(self.takes) + self.recorded("other")) != played:
            self.assertRegex(log, "out of memory|cannot|lost")

    def test_each_call_once(self):
        self.run_with(0, count=os.path.join(self.folder, "count"))
        with open("count", encoding="ascii") as file:
            calls = int(file.read())
        self.assertGreater(calls, 100)
        for number in range(1, calls + 1, STEP):
            with self.subTest(call=number, of=calls):
                self.run_with(number)

    def test_one_call_in_some(self):
        for seed in range(8):
            with self.subTest(seed=seed):
                environment = {"FAULTS": "one-in=300", "FAULTS_SEED": str(seed)}
                with Service(
                    self.folder, environment=environment, record={"folder": self.takes}
                ) as service:
                    self.play(service)
                    self.visit(service)
                    self.play(service)
                    service.process.send_signal(signal.SIGTERM)
                    code = service.process.wait(timeout=PATIENCE)
                self.assertIn(code, (0, 1), "\n".join(service.log))

    def test_short_transfers(self):
        with self.service("short") as service:
            with service.connect() as watcher:
                stream = watcher.makefile()
                watcher.sendall(b'{"command": "watch"}\n' + b"x" * 5000 + b"\n")
                self.assertTrue(json.loads(stream.readline())["ok"])
                self.assertIn("too long", json.loads(stream.readline())["error"])
                service.wait_for(
                    lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece"
                )
                self.play(service)
                told = []
                while len(told) < 4 * len(KEYS):
                    told += json.loads(stream.readline())["events"]
                stream.close()
            sysex = bytes([0xF0] + [1] * 5000 + [0xF7])
            service.send((2, sysex))
            sent = service.finish()
        self.assertEqual([d for _, d in sent if is_on(d)], [on(key) for key in KEYS])
        self.assertIn((2.0, sysex), sent)
        self.assertEqual([e[3] for e in told if e[1:3] == ["sent", 0x90]], list(KEYS))
        self.assertEqual(self.recorded(self.takes), list(KEYS))


if __name__ == "__main__":
    unittest.main()
