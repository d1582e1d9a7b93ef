"""The folder of pieces, watched while it changes: the real service on the virtual backend."""

import os
import shutil
import threading
import time
import unittest

import mido
from service import Service, audiogenrl, is_on, off, on


def off_the_grid(path, notes):
    """A piece whose onsets fit no grid, so that one has to be found."""
    track = mido.MidiTrack()
    for i in range(notes):
        pitch = 40 + i * i % 41
        track.append(mido.Message("note_on", note=pitch, velocity=64, time=20 + i * 37 % 101))
        track.append(mido.Message("note_off", note=pitch, velocity=64, time=150 + i * 53 % 71))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(path)


class Folder(audiogenrl.Case):
    def pieces(self, service):
        return service.ask("status")["repertoire"]["pieces"]

    def drop(self, service, path):
        """Written elsewhere and moved there: it is never seen half."""
        target = os.path.join(service.repertoire, os.path.basename(path))
        shutil.copy(path, path + ".new")
        os.rename(path + ".new", target)

    def test_the_model_is_the_one_that_train_makes(self):
        audiogenrl.piece("piece.mid", bars=8)
        self.succeeds("train", "--snapshots", "at", "--every", "5000000", "piece.mid")
        trained = sorted(os.listdir("at"))[-1]  # without the state of training
        with Service(self.folder) as service:
            self.drop(service, "piece.mid")
            service.wait_for(lambda: self.pieces(service) == 1, "the piece")
        (kept,) = os.listdir("cache")
        self.assertEqual(
            audiogenrl.content(os.path.join("cache", kept)),
            audiogenrl.content(os.path.join("at", trained)),
        )

    def test_the_place_is_told_in_the_bars_of_the_piece(self):
        pitches = [60 + (7 * i * i + 3 * i) % 23 for i in range(48)]
        track = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=3, denominator=4)])
        for pitch in pitches:
            audiogenrl.note(track, pitch, 64, 480)
        file = mido.MidiFile(ticks_per_beat=480)
        file.tracks.append(track)
        file.save("waltz.mid")
        with Service(self.folder) as service:
            self.drop(service, "waltz.mid")
            service.wait_for(lambda: self.pieces(service) == 1, "the piece")
            for i, pitch in enumerate(pitches[:17]):
                service.send((i * 0.5, on(pitch)), (i * 0.5 + 0.4, off(pitch)))
            service.wait_for(lambda: service.ask("status")["notes"] == 17, "the notes")
            piece = service.ask("status")["piece"]
        told = {key: piece[key] for key in ("name", "onset", "beat", "bar", "meter", "shift")}
        self.assertEqual(told, {"name": "waltz", "onset": 16, "beat": 16, "bar": 6,
                                "meter": "3/4", "shift": 0})
        self.assertEqual(piece["beat_of_bar"], 2)
        self.assertGreater(piece["sure"], 0.5)

    def test_a_file_that_keeps_changing_delays_no_other(self):
        audiogenrl.piece("piece.mid", bars=4)
        with Service(self.folder) as service:
            stop = threading.Event()

            def churn():
                path = os.path.join(service.repertoire, "junk.mid")
                while not stop.wait(0.05):
                    with open(path, "wb") as file:
                        file.write(b"MThd" + os.urandom(100))

            junk = threading.Thread(target=churn)
            junk.start()
            try:
                service.wait_for(lambda: service.logged("left out"), "the junk")
                self.drop(service, "piece.mid")
                service.wait_for(lambda: service.logged("piece.mid has joined"), "the piece")
                service.wait_for(lambda: self.pieces(service) == 1, "the piece")
            finally:
                stop.set()
                junk.join()
            service.stop()

    def test_the_folder_counts_and_not_its_history(self):
        audiogenrl.piece("a.mid", bars=4, seed=1)
        audiogenrl.piece("b.mid", bars=4, seed=2)
        struck = [(i / 4, on(60 + i % 7)) for i in range(64)]
        struck += [(i / 4 + 0.2, off(60 + i % 7)) for i in range(64)]
        sent = []
        for _ in range(2):
            with Service(self.folder, correct={"mode": "generate"}) as service:
                for path in ("b.mid", "a.mid"):
                    if os.path.exists(path):
                        self.drop(service, path)
                    name = f"{path} has joined"
                    service.wait_for(lambda: service.logged(name), name)
                    if os.path.exists(path):
                        os.remove(path)
                service.wait_for(lambda: self.pieces(service) == 2, "both pieces")
                service.send(*sorted(struck))
                sent.append([data for _, data in service.finish() if is_on(data)])
        self.assertEqual(len(sent[0]), 64)
        self.assertEqual(sent[0], sent[1])

    def test_a_link_joins(self):
        audiogenrl.piece("piece.mid", bars=4)
        with Service(self.folder) as service:
            service.ask("status")
            os.symlink(
                os.path.abspath("piece.mid"), os.path.join(service.repertoire, "link.mid")
            )
            service.wait_for(lambda: self.pieces(service) == 1, "the piece")
            service.stop()

    def test_stops_while_it_learns(self):
        off_the_grid("long.mid", 100000)
        with Service(self.folder, backend="virtual", options=["-q"]) as service:
            self.drop(service, "long.mid")
            service.ask("status")
            time.sleep(1)
            service.stop()

    def test_what_cannot_be_read_is_told_once(self):
        with Service(self.folder) as service:
            service.ask("status")
            os.mkfifo(os.path.join(service.repertoire, "fifo.mid"))
            service.wait_for(lambda: service.logged("fifo.mid: is a FIFO"), "the sentence")
            for i in range(3):
                os.mkdir(os.path.join(service.repertoire, f"{i}.mid"))
                service.wait_for(lambda: service.logged(f"{i}.mid: is a folder"), "the sentence")
            service.stop()
        self.assertEqual(sum("left out" in line for line in service.log), 4)


if __name__ == "__main__":
    unittest.main()
