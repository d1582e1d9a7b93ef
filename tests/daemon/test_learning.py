"""Pieces that the service learns from what is played."""

import glob
import json
import os
import random
import stat
import subprocess
import time
import unittest

import mido
from service import Service, audiogenrl, off, on

TICKS = 5000  # a tick is a tenth of a millisecond, as in the service's recordings


def compose(seed, notes=90):
    """A melody with a bass: (seconds, pitch)."""
    draw, piece, pitch = random.Random(seed), [], 72
    for n in range(notes):
        pitch = min(84, max(64, pitch + draw.choice([-4, -2, -1, 1, 2, 3, 5])))
        piece.append((n * 0.3, pitch))
        if n % 4 == 0:
            piece.append((n * 0.3, pitch - draw.choice([16, 19, 24])))
    return piece


def played(piece, seed):
    """The piece as somebody plays it."""
    draw, found = random.Random(seed), []
    for seconds, pitch in piece:
        wrong = draw.choice([-2, -1, 1, 2]) if draw.random() < 0.06 else 0
        found.append((1 + seconds * 1.1 + draw.gauss(0, 0.008), pitch + wrong))
    return sorted(found)


def write(path, tracks):
    file = mido.MidiFile(ticks_per_beat=TICKS)
    for name, notes in tracks.items():
        track, events, now = mido.MidiTrack(), [], 0
        track.append(mido.MetaMessage("track_name", name=name))
        track.append(mido.MetaMessage("set_tempo", tempo=500000))
        for seconds, pitch in notes:
            events.append((seconds, 1, mido.Message("note_on", note=pitch, velocity=64)))
            events.append((seconds + 0.2, 0, mido.Message("note_off", note=pitch)))
        for seconds, _, message in sorted(events, key=lambda event: event[:2]):
            ticks = round(seconds * 10000)
            track.append(message.copy(time=max(ticks - now, 0)))
            now = max(now, ticks)
        file.tracks.append(track)
    file.save(path)
    quiet = time.time() - 60
    os.utime(path, (quiet, quiet))


class Learning(audiogenrl.Case):
    def setUp(self):
        super().setUp()
        self.store = os.path.join(self.folder, "heard")
        os.mkdir(self.store)

    def record(self, name, piece, seed, sent=()):
        write(os.path.join(self.store, f"{name}.mid"), {"played": played(piece, seed), "sent": sent})

    def service(self, takes=3):
        return Service(self.folder, learn={"folder": self.store, "takes": takes})

    def looked(self, service, recordings):
        """Waits until that many have been learned from."""
        service.wait_for(
            lambda: (service.ask("status")["learning"] or {}).get("recordings") == recordings, "the look"
        )

    def learned(self):
        return sorted(glob.glob(os.path.join(self.folder, "repertoire", "*.mid")))

    def test_heard_three_times(self):
        piece, other = compose(1), compose(2)
        for take in range(3):  # what was sent is another piece, and is not learned
            self.record(f"2026-11-30_18-0{take}-00", piece, take, sent=sorted(other))
        self.record("2026-11-30_19-00-00", other, 7)
        with self.service() as service:
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece")
            status = service.ask("status")["learning"]
            self.assertEqual(status["pieces"], 1)
            self.assertEqual(status["recordings"], 4)
            self.assertEqual(status["last"], os.path.basename(self.learned()[0])[:-4])
        self.assertEqual(len(self.learned()), 1)
        found = audiogenrl.pitches(self.learned()[0])
        meant = [pitch for _, pitch in sorted(piece)]
        wrong = sum(a != b for a, b in zip(found, meant))
        self.assertEqual(len(found), len(meant))
        self.assertLess(wrong, 4)
        self.assertTrue([line for line in service.log if "heard 3 times" in line], service.log)

    def test_twice_is_not_enough(self):
        for take in range(2):
            self.record(f"2026-11-30_18-0{take}-00", compose(1), take)
        with self.service() as service:
            self.looked(service, 2)
        self.assertEqual(self.learned(), [])

    def test_what_is_known_is_not_learned(self):
        piece = compose(3)
        os.mkdir(os.path.join(self.folder, "repertoire"))
        write(os.path.join(self.folder, "repertoire", "known.mid"), {"notes": sorted(piece)})
        for take in range(3):
            self.record(f"2026-11-30_18-0{take}-00", piece, take)
        with self.service() as service:
            self.looked(service, 3)
        self.assertEqual([os.path.basename(p) for p in self.learned()], ["known.mid"])

    def test_what_was_forgotten_is_not_learned_again(self):
        piece = compose(4)
        for take in range(3):
            self.record(f"2026-11-30_18-0{take}-00", piece, take)
        with self.service() as service:
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece")
        os.mkdir(os.path.join(self.store, "forgotten"))
        os.rename(self.learned()[0], os.path.join(self.store, "forgotten", "it.mid"))
        with self.service() as service:
            self.looked(service, 3)
        self.assertEqual(self.learned(), [])

    def test_a_part_does_not_replace_the_piece(self):
        piece = compose(5)
        for take in range(3):
            self.record(f"2026-11-30_18-0{take}-00", piece, take)
        with self.service() as service:
            service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece")
        before = audiogenrl.content(self.learned()[0])
        for path in glob.glob(os.path.join(self.store, "*.mid")):
            os.remove(path)
        for take in range(4):
            self.record(f"2026-12-01_18-0{take}-00", piece[: len(piece) // 2], take)
        with self.service() as service:
            self.looked(service, 4)
            self.assertEqual(service.ask("status")["learning"]["pieces"], 1)
        self.assertEqual(len(self.learned()), 1)
        self.assertEqual(audiogenrl.content(self.learned()[0]), before)

    def test_the_oldest_go(self):
        for number in range(130):
            name = f"2026-11-30_{number // 60:02}-{number % 60:02}-00"
            self.record(name, [(0, 60)], 0)
            if number != 1:  # which others may read
                os.chmod(os.path.join(self.store, f"{name}.mid"), 0o600)
        with self.service() as service:
            self.looked(service, 129)
        left = sorted(os.listdir(self.store))
        self.assertEqual(len(left), 129)
        self.assertEqual(left[:2], ["2026-11-30_00-01-00.mid", "2026-11-30_00-02-00.mid"])

    def test_a_reload_ends_it(self):
        with self.service() as service:
            service.wait_for(lambda: service.ask("status")["learning"], "the start")
            service.write_config()
            self.assertTrue(service.ask("reload")["ok"])
            service.wait_for(lambda: service.ask("status")["learning"] is None, "the end")

    def test_recordings_are_private(self):
        with self.service() as service:
            service.wait_for(lambda: service.ask("status")["learning"], "the start")
            service.send((1.0, on(60)))
            service.send((1.5, off(60)))
            service.send((20.0, on(62)))
            service.send((20.5, off(62)))
            service.wait_for(lambda: glob.glob(os.path.join(self.store, "*.mid")), "the recording")
            path = glob.glob(os.path.join(self.store, "*.mid"))[0]
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def pieces(self, service, *words):
        done = subprocess.run(
            [audiogenrl.PROGRAM, "pieces", *words],
            env={**os.environ, "AUDIOGENRL_SOCKET": service.socket, "TZ": "UTC"},
            capture_output=True, encoding="utf-8", timeout=60,
        )  # fmt: skip
        return done.stdout if done.returncode == 0 else done.stderr

    def the_piece(self, service):
        return json.loads(self.pieces(service, "--json"))["pieces"][0]

    def ready(self, service):
        service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece")
        return self.the_piece(service)

    def test_pieces(self):
        piece = compose(6)
        for take in range(3):
            self.record(f"2026-11-30_18-0{take}-00", piece, take)
        with self.service() as service:
            found = self.ready(service)
            self.assertEqual((found["from"], found["takes"]), ("takes", 3))
            self.assertNotIn("played", found)
            self.assertEqual(self.pieces(service, "rename", found["file"], "Waltz"), "")
            service.wait_for(lambda: self.the_piece(service)["file"] == "Waltz.mid", "the name")
            self.ready(service)
            for seconds, pitch in sorted(piece)[:60]:
                service.send((seconds, on(pitch)), (seconds + 0.1, off(pitch)))
            service.wait_for(lambda: "played" in self.the_piece(service), "the playing")
            played = self.the_piece(service)["played"]
            self.assertLess(abs(played["last"] - time.time()), 60)
            self.assertLessEqual(played["notes"], 60)
            self.assertIn("repertoire: 1 file\n", self.pieces(service))
            self.assertEqual(self.pieces(service, "lock", "Waltz"), "Waltz.mid\n")
            self.assertIn("* Waltz.mid", self.pieces(service))
            self.assertIn("unlock it first", self.pieces(service, "forget", "Waltz"))
            self.assertEqual(self.pieces(service, "unlock"), "all pieces are followed\n")
            service.stop()
        kept = os.path.join(self.store, "played")
        self.assertEqual(stat.S_IMODE(os.stat(kept).st_mode), 0o600)
        with self.service() as service:
            self.assertEqual(self.ready(service)["played"]["last"], played["last"])
            self.assertEqual(self.pieces(service, "rename", "Waltz", "Valse"), "")
            service.wait_for(lambda: self.the_piece(service).get("names") == ["Valse"], "the name")
            self.assertEqual(self.the_piece(service)["played"]["last"], played["last"])
            self.assertEqual(self.pieces(service, "forget", "Valse"), "")
            service.wait_for(lambda: service.ask("pieces")["pieces"] == [], "the end")
        self.assertEqual(os.listdir(os.path.join(self.store, "forgotten")), ["Valse.mid"])

    def test_nothing_is_kept_without_a_folder(self):
        with Service(self.folder) as service:
            self.assertIsNone(service.ask("status")["learning"])


if __name__ == "__main__":
    unittest.main()
