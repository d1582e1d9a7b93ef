"""Bad files, bad targets, damaged models: exit code 1, one line, nothing left behind."""

import os
import struct
import subprocess
import unittest
import zlib

import mido

from audiogenrl import PROGRAM, Case, content, piece

READERS = {
    "train": ["train", "-o", "out.model"],
    "correct": ["correct", "--mode", "scale", "-o", "out.mid"],
    "evaluate": ["evaluate", "--modes", "off", "--errors", "none", "--csv", "out.csv"],
    "errors": ["errors", "none", "-o", "out.mid"],
    "inspect": ["inspect"],
}


def header(kind=1, tracks=1, division=480):
    return b"MThd" + struct.pack(">IHHH", 6, kind, tracks, division)


END = b"\x00\xff\x2f\x00"
NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x40"


def track(body):
    return b"MTrk" + struct.pack(">I", len(body)) + body


def png():
    def chunk(kind, body):
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


class BadInput(Case):
    def each_fails(self, path, says="", but=()):
        for name, words in READERS.items():
            if name not in but:
                with self.subTest(command=name, path=path):
                    self.fails(1, *words, path, says=says or path)

    def write(self, path, data):
        with open(path, "wb") as file:
            file.write(data)
        return path

    def test_not_there(self):
        self.each_fails("missing.mid", says="missing.mid")

    def test_the_file_comes_before_the_model(self):
        for command in ("correct", "report", "listen"):
            self.fails(1, command, "-m", "missing.model", "missing.mid", says="missing.mid: cannot open")

    def test_progress_of_long_work(self):
        """A plain line at least every two seconds, and none for short work or with -q."""
        piece(bars=1700)
        slow = self.succeeds("correct", "--alone", "--grid", "file", "-m", "piece.mid", "piece.mid")
        for line in slow.stderr.decode().splitlines():
            self.assertRegex(line, r"^correcting: \d+ % $")
        quiet = self.succeeds("correct", "-q", "--mode", "scale", "piece.mid", "-o", "out.mid")
        self.assertEqual(quiet.stderr, b"")

    def test_folder(self):
        os.mkdir("folder")
        self.each_fails("folder")

    def test_bytes(self):
        cases = {
            "empty.mid": b"",
            "picture.mid": png(),
            "text.mid": b"hello\n" * 100,
            "type2.mid": header(kind=2, tracks=2) + 2 * track(NOTE + END),
            "smpte.mid": header(division=0xE250) + track(NOTE + END),
            "division0.mid": header(division=0) + track(NOTE + END),
            "no_status.mid": header() + track(b"\x00\x3c\x40" + NOTE + END),
            "long_quantity.mid": header() + track(b"\xff\xff\xff\xff\x7f" + NOTE + END),
            "header_only.mid": header(tracks=0),
        }
        for path, data in cases.items():
            self.each_fails(self.write(path, data))

    def test_faults_that_are_mended(self):
        """Read with one line that says what was mended; what is written is the mended file."""
        piece()
        plain = content("piece.mid")
        second = plain.rindex(b"MTrk")
        cases = {
            "padding between chunks": plain[:second] + bytes(7) + plain[second:],
            "data byte above 127": plain.replace(b"\xb0\x40\x50", b"\xb0\x40\xa8", 1),
            "several files in one": plain + plain,
        }
        for words, data in cases.items():
            self.write("faulty.mid", data)
            for name, command in READERS.items():
                with self.subTest(command=name, fault=words):
                    said = self.succeeds(*command, "faulty.mid").stderr.decode().splitlines()
                    said = [line for line in said if "mended" in line]
                    self.assertEqual(len(said), 1, said)
                    self.assertIn("warning: faulty.mid: mended: " + words, said[0])
            self.assertEqual(self.succeeds("inspect", "-q", "faulty.mid").stderr, b"")
            self.succeeds("correct", "--mode", "off", "faulty.mid", "-o", "same.mid")
            want = plain.replace(b"\xb0\x40\x50", b"\xb0\x40\x7f", 1) if "data" in words else plain
            self.assertEqual(content("same.mid"), want + (plain if "several" in words else b""))

    def test_no_notes(self):
        self.write("silent.mid", header() + track(END))
        self.each_fails("silent.mid", but=("inspect",))
        self.assertIn(b"0", self.succeeds("inspect", "silent.mid").stdout)

    def test_only_drums(self):
        drums = piece("drums.mid", channel=9)
        self.each_fails(drums, says="drums", but=("inspect",))
        self.succeeds("inspect", drums)
        self.succeeds("correct", "--mode", "scale", "--channels", "10", drums)

    def test_nothing_selected(self):
        piece()
        for name, words in READERS.items():
            if name in ("inspect", "train"):
                continue
            self.fails(1, *words, "--channels", "16", "piece.mid", says="piece.mid")
            self.fails(1, *words, "--tracks", "OBOE", "piece.mid", says="OBOE")
            self.fails(1, *words, "--tracks", "9", "piece.mid", says="9")

    def test_empty_standard_input(self):
        for name in ("correct", "errors", "inspect"):
            self.fails(1, *READERS[name], "-", input=b"", says="standard input")

    def test_full_disk(self):
        piece()
        for name in ("train", "correct", "errors"):
            words = READERS[name][:-1]
            self.fails(1, *words, "/dev/full", "piece.mid", says="/dev/full")
        self.fails(1, *READERS["evaluate"][:-1], "/dev/full", "piece.mid", says="/dev/full")
        with open("/dev/full", "wb") as full:
            for name in ("correct", "errors"):
                words = READERS[name][:-1]
                self.fails(1, *words, "-", "piece.mid", stdout=full)
            self.fails(1, "inspect", "piece.mid", stdout=full)
            self.fails(1, "inspect", "--json", "piece.mid", stdout=full)
            words = ["evaluate", "--modes", "off", "--errors", "none", "piece.mid"]
            self.fails(1, *words, stdout=full)
            self.fails(1, *words, "--json", stdout=full)
        self.fails(
            1, "correct", "--mode", "off", "piece.mid", "-o", "-", "--report", "/dev/full",
            stdout=subprocess.DEVNULL, says="/dev/full",
        )

    def test_no_such_folder_to_write_to(self):
        piece()
        for name in ("train", "correct", "errors"):
            words = READERS[name][:-1]
            self.fails(1, *words, "nowhere/out", "piece.mid", says="nowhere/out")

    def test_target_is_a_folder(self):
        piece()
        os.mkdir("target")
        for name in ("train", "correct", "errors"):
            self.fails(1, *READERS[name][:-1], "target", "piece.mid", says="target")

    def test_read_only_target(self):
        piece()
        os.chmod(self.folder, 0o755)
        for name, target in (("train", "out.model"), ("correct", "out.mid"), ("errors", "out.mid")):
            self.write(target, b"precious")
            os.chmod(target, 0o444)
            os.chmod(self.folder, 0o555)
            # Root may write everywhere, so the program runs as nobody, who cannot add to a coverage count.
            user = 65534 if os.geteuid() == 0 else None
            environment = {**os.environ, "LLVM_PROFILE_FILE": "/dev/null"}
            try:
                done = subprocess.run(
                    [PROGRAM, *READERS[name], "piece.mid"], user=user, stderr=subprocess.PIPE,
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment,
                )
            except PermissionError:
                self.skipTest("nobody cannot reach the program")
            finally:
                os.chmod(self.folder, 0o755)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertIn(target.encode(), done.stderr)
            with open(target, "rb") as file:
                self.assertEqual(file.read(), b"precious")
            os.remove(target)

    def test_a_failed_run_keeps_the_old_file(self):
        self.write("out.mid", b"precious")
        self.write("broken.mid", header() + track(b"\x00\x90\x3c"))
        self.fails(1, "correct", "--mode", "off", "broken.mid", "-o", "out.mid")


class BadModel(Case):
    def setUp(self):
        super().setUp()
        piece()
        self.succeeds("train", "--steps", "2000", "-q", "-o", "good.model", "piece.mid")
        with open("good.model", "rb") as file:
            self.model = file.read()

    def each_fails(self, path):
        self.fails(1, "inspect", path, says=path)
        self.fails(1, "correct", "-m", path, "piece.mid", says=path)
        self.fails(1, "evaluate", "-m", path, "piece.mid", says=path)
        self.fails(1, "train", "--resume", path, "-o", "next.model", "piece.mid", says=path)

    def damaged(self, data):
        with open("bad.model", "wb") as file:
            file.write(data)
        self.each_fails("bad.model")

    def test_not_a_model(self):
        self.each_fails("missing.model")
        os.mkdir("folder")
        self.each_fails("folder")
        self.damaged(b"")
        self.damaged(png())

    def test_cut(self):
        self.damaged(self.model[:-1])
        self.damaged(self.model[: len(self.model) // 2])
        self.damaged(self.model + b"\0")

    def test_one_flipped_bit(self):
        # Every byte once in a while, all bits in turn: 97 is coprime to 8.
        for i, place in enumerate(range(0, len(self.model), max(1, len(self.model) // 97))):
            data = bytearray(self.model)
            data[place] ^= 1 << (i % 8)
            with open("bad.model", "wb") as file:
                file.write(data)
            self.fails(1, "inspect", "bad.model", says="bad.model")

    def test_no_model(self):
        done = self.fails(1, "correct", "--mode", "generate", "piece.mid", says="-m")
        self.assertNotIn("out of memory", done.stderr.decode())

    def test_music_without_training(self):
        """A .mid may stand for the model of itself."""
        self.succeeds("correct", "-m", "piece.mid", "piece.mid", "-o", "same.mid")
        self.assertEqual(
            [n.note for n in mido.MidiFile("same.mid") if n.type == "note_on"],
            [n.note for n in mido.MidiFile("piece.mid") if n.type == "note_on"],
        )


if __name__ == "__main__":
    unittest.main()
