#!/usr/bin/python3
"""One service after the other is treated badly until time is up: chaos.py BUILD [MINUTES [SEED]]

BUILD is a build folder; sanitizers of its own are welcome. Each service plays a flood of
events on the virtual backend while clients send it valid, broken, half and huge lines,
pieces and rubbish come and go in its repertoire, settings change, and the disk is full,
descriptors or memory run out. It is stopped at any moment.

Every time it must end with exit code 0, release all that sounded, have sent what it took
in, and have all of it in whole recordings; or have said in its log why not. A failure
leaves the folder and prints the seed of that service.
"""

import glob
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import mido

PATIENCE = 120  # seconds until something counts as hanging
BURST, REST = 400, 0.05  # events at a time and seconds between, on average
MODES = ["correct", "generate", "scale", "off"]
EXCUSES = ("out of memory", "came too fast", "cannot write", "cannot create", "recording: ")


def write_piece(path, draw):
    """A few bars of a melody over a bass; some on no grid."""
    file = mido.MidiFile(ticks_per_beat=480)
    loose = draw.random() < 0.2
    for low, step in ((60, 240), (40, 480)):
        track = mido.MidiTrack()
        file.tracks.append(track)
        for _ in range(draw.randrange(8, 150)):
            key = low + draw.choice([0, 2, 4, 5, 7, 9, 11, 12])
            length = step + (draw.randrange(-90, 90) if loose else 0)
            track.append(mido.Message("note_on", note=key, velocity=70, time=0))
            track.append(mido.Message("note_off", note=key, velocity=64, time=length))
    file.save(path)


def random_event(draw, held):
    """Bytes or a word. `held` is kept, so that most releases are of something."""
    kind = draw.random()
    channel = draw.choice([0, 0, 0, 0, 1, 9])
    if kind < 0.42:
        key = draw.randrange(128) if draw.random() < 0.1 else draw.randrange(48, 84)
        held.append((channel, key))
        return bytes([0x90 | channel, key, draw.randrange(1, 128)])
    if kind < 0.84 and held:
        channel, key = held.pop(draw.randrange(len(held)))
        how = draw.choice([(0x80, 64), (0x90, 0)])
        return bytes([how[0] | channel, key, how[1]])
    if kind < 0.95:
        status = draw.choice([0xA0, 0xB0, 0xB0, 0xC0, 0xD0, 0xE0]) | channel
        size = 1 if status & 0xE0 == 0xC0 else 2
        return bytes([status] + [draw.randrange(128) for _ in range(size)])
    if kind < 0.985:
        return bytes([draw.choice([0xF8, 0xF8, 0xF8, 0xFA, 0xFB, 0xFC, 0xFE])])
    if kind < 0.995:
        size = draw.choice([0, 5, 300, 20000])
        return bytes([0xF0] + [draw.randrange(128) for _ in range(size)] + [0xF7])
    return draw.choice(["unplugged", "output-found", "output-lost", "overrun"])


def is_strike(data):
    return len(data) == 3 and data[0] & 0xF0 == 0x90 and data[2] > 0


def is_release(data):
    return len(data) == 3 and (data[0] & 0xF0 == 0x80 or data[0] & 0xF0 == 0x90 and data[2] == 0)


class Fault(Exception):
    pass


class Life:
    """One service, from start to end."""

    def __init__(self, build, folder, seed, plain):
        self.folder, self.seed = folder, seed
        self.draw = random.Random(seed)
        self.over = threading.Event()
        self.socket = os.path.join(folder, "control")
        self.repertoire = os.path.join(folder, "repertoire")
        self.config = os.path.join(folder, "it.conf")
        self.takes = [os.path.join(folder, name) for name in ("takes", "other")]
        os.mkdir(self.repertoire)
        lacks = [None, None, "disk", "descriptors", "calls"] + (["memory"] * 3 if plain else [])
        self.lack = self.draw.choice(lacks)
        self.virtual_clock = self.draw.random() < 0.5
        self.ending = self.draw.choice([signal.SIGTERM, signal.SIGTERM, signal.SIGINT, None])
        self.seconds = self.draw.choice([0.05, 0.5, 2, 4, 8]) * self.draw.random()
        if self.seconds < 0.5:
            self.ending = signal.SIGTERM  # it may not have read a thing
        if self.ending is None:
            self.virtual_clock = False  # by that it would first learn all pieces
        self.log, self.sent = [], []
        self.strikes = []  # in the order that they were given
        self.write_config(self.draw)
        for i in range(self.draw.randrange(4)):
            write_piece(f"{self.repertoire}/first{i}.mid", self.draw)
        environment = {
            **os.environ,
            "AUDIOGENRL_SOCKET": self.socket,
            "CACHE_DIRECTORY": os.path.join(folder, "cache"),
        }
        program = os.path.join(build, "daemon", "audiogenrld")
        if self.lack == "calls":
            program = os.path.join(build, "tests", "daemon", "faulty_audiogenrld")
            often = self.draw.choice([500, 2000, 10000])
            short = " short" if self.draw.random() < 0.5 else ""
            environment["FAULTS"] = f"one-in={often}{short}"
            environment["FAULTS_SEED"] = str(seed)
        self.process = subprocess.Popen(
            [program, "-c", self.config, "--foreground"]
            + (["--virtual-clock"] if self.virtual_clock else []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )

    # --- What is done to it ---

    def write_config(self, draw):
        """Whole, as an editor would."""
        with open(self.config + ".new", "w", encoding="ascii") as file:
            file.write(
                "[input]\nbackend = virtual\nconnect = -\n[output]\nconnect = -\n"
                f"[correct]\nrepertoire = {self.repertoire}\nmode = {draw.choice(MODES)}\n"
                f"follow = {draw.random() * 3:.2f}\n"
                f"[clock]\nsource = {draw.choice(['auto', 'fixed', 'midi', 'tap'])}\n"
                f"[record]\nfolder = {draw.choice(self.takes)}\n"
                "[realtime]\npriority = 0\nlock-memory = no\n"
            )
        os.rename(self.config + ".new", self.config)

    def play(self):
        draw, held, clock = random.Random(self.seed + 1), [], 0.0
        try:
            while not self.over.is_set():
                text = []
                for _ in range(draw.randrange(1, 2 * BURST)):
                    clock += draw.choice([0, 0.001, 0.05, 0.3])
                    what = random_event(draw, held)
                    if not isinstance(what, str):
                        if is_strike(what):
                            self.strikes.append((what[0] & 15, what[2]))
                        what = what.hex(" ")
                    text.append(f"{clock:.6f} {what}\n")
                self.process.stdin.write("".join(text).encode())
                self.process.stdin.flush()
                self.over.wait(draw.expovariate(1 / REST))
            self.process.stdin.close()
        except (BrokenPipeError, ValueError):
            pass

    def read_sent(self):
        for line in self.process.stdout:
            self.sent.append(line)

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.decode(errors="replace").rstrip("\n"))

    def say(self, draw, client):
        """One line, or what a bad client thinks is one; true: wait for an answer."""
        command = draw.choice(
            [
                {"command": "mode", "value": draw.choice(MODES)},
                {"command": "bypass", "value": draw.choice(["on", "off", "toggle"])},
                {"command": draw.choice(["follow", "keep"]), "value": draw.random() * 100},
                {"command": "tempo", "value": draw.uniform(20, 400)},
                {"command": draw.choice(["tap", "panic", "reload", "status", "ports", "watch"])},
            ]
        )
        line = json.dumps(command).encode() + b"\n"
        kind = draw.random()
        if kind < 0.6:
            client.sendall(line)
            return True
        if kind < 0.7:
            client.sendall(line[: draw.randrange(len(line))])
        elif kind < 0.8:
            damaged = bytearray(line)
            damaged[draw.randrange(len(line) - 1)] = draw.randrange(256)
            client.sendall(damaged)
        elif kind < 0.85:
            client.sendall(b"{" * draw.choice([5000, 100000]) + b"\n")
        elif kind < 0.9:
            client.sendall(line * 300)
        else:
            client.sendall(draw.randbytes(draw.randrange(200)) + b"\n")
        return False

    def visit(self, number):
        draw = random.Random(self.seed + 10 + number)
        while not self.over.is_set():
            try:
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                    client.settimeout(draw.choice([0.05, 0.5, 2]))
                    client.connect(self.socket)
                    for _ in range(draw.randrange(1, 20)):
                        answers = self.say(draw, client)
                        if answers and draw.random() < 0.8:
                            client.recv(65536)
                        if self.over.wait(draw.expovariate(20)):
                            break
            except (OSError, TimeoutError):
                self.over.wait(0.02)

    def churn(self):
        """What comes and goes in the repertoire."""
        draw = random.Random(self.seed + 2)
        while not self.over.wait(draw.expovariate(6)):
            path = f"{self.repertoire}/{draw.randrange(8)}.{draw.choice(['mid', 'kar', 'model'])}"
            what = draw.randrange(8)
            try:
                if os.path.isdir(path):
                    os.rmdir(path)
                elif os.path.lexists(path) and (what < 3 or not os.path.isfile(path)):
                    os.remove(path)
                if what == 0:
                    os.mkfifo(path)
                elif what == 1:
                    os.symlink(path, path)
                elif what == 2:
                    os.mkdir(path)
                elif what == 3:
                    with open(path, "r+b") as file:
                        file.truncate(draw.randrange(200))
                elif what == 4:
                    with open(path, "wb") as file:
                        for _ in range(5):
                            file.write(draw.randbytes(draw.randrange(2000)))
                            file.flush()
                            time.sleep(0.02)
                else:
                    write_piece(path + ".new", draw)
                    os.rename(path + ".new", path)
            except OSError:
                pass

    def change_settings(self):
        draw = random.Random(self.seed + 3)
        while not self.over.wait(draw.expovariate(4)):
            kind = draw.random()
            if kind < 0.7:
                self.write_config(draw)
            elif kind < 0.8:
                with open(self.config, "wb"):
                    pass
            elif kind < 0.9:
                with open(self.config, "ab") as file:
                    file.write(draw.randbytes(40))
            elif os.path.exists(self.config):
                os.remove(self.config)
            self.process.send_signal(signal.SIGHUP)

    def run_short(self):
        """Takes away what it needs, and gives it back; before the end at the latest."""
        draw = random.Random(self.seed + 4)
        pid = self.process.pid
        limit = {
            "disk": resource.RLIMIT_FSIZE,
            "descriptors": resource.RLIMIT_NOFILE,
            "memory": resource.RLIMIT_AS,
        }[self.lack]
        before = resource.prlimit(pid, limit)
        while not self.is_ready() and not self.over.wait(0.02):
            pass  # it need not start without
        while not self.over.wait(draw.expovariate(2)):
            try:
                least = {
                    resource.RLIMIT_FSIZE: lambda: draw.randrange(4000),
                    resource.RLIMIT_NOFILE: lambda: len(os.listdir(f"/proc/{pid}/fd"))
                    + draw.randrange(3),
                    resource.RLIMIT_AS: lambda: self.pages(pid) + draw.choice([0, 1, 40]) * 65536,
                }[limit]()
                resource.prlimit(pid, limit, (least, before[1]))
                self.over.wait(draw.expovariate(2))
                resource.prlimit(pid, limit, before)
            except (FileNotFoundError, ProcessLookupError):
                return

    def pages(self, pid):
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()

    # --- Its life, and what came of it ---

    def live(self):
        work = [self.play, self.churn, self.change_settings]
        work += [lambda n=n: self.visit(n) for n in range(3)]
        if self.lack in ("disk", "descriptors", "memory"):
            work.append(self.run_short)
        readers = [threading.Thread(target=t) for t in (self.read_sent, self.read_log)]
        workers = [threading.Thread(target=t, daemon=True) for t in work]
        for thread in readers + workers:
            thread.start()
        until = time.monotonic() + self.seconds
        while time.monotonic() < until and self.process.poll() is None:
            time.sleep(0.02)
        early = self.process.poll()
        began = time.monotonic()
        if self.ending is None:
            self.over.set()  # its input ends
        else:
            self.process.send_signal(self.ending)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            raise Fault("it hangs") from None
        finally:
            took = time.monotonic() - began
            self.over.set()
            for thread in readers + workers:
                thread.join(PATIENCE)
        self.check(early)
        return took if self.ending else 0.0

    def expect(self, right, what):
        if not right:
            raise Fault(what)

    def is_ready(self):
        return any("ready, with" in line for line in self.log)

    def excused(self):
        return any(excuse in line for line in self.log for excuse in EXCUSES)

    def check(self, early):
        code = self.process.returncode
        log = "\n".join(self.log)
        self.expect("Sanitizer" not in log and "runtime error" not in log, "a sanitizer's finding")
        ready = self.is_ready()
        if not ready and code in (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP):
            return  # before it had begun
        if self.lack in ("calls", "memory") and code == 1:
            self.expect(not ready and self.log, "it ended by itself")
            return
        self.expect(code == 0 and early is None, f"exit code {code}")
        self.expect(not os.path.exists(self.socket), "the socket is left")
        events = []
        for line in self.sent:
            _, *data = line.split()
            events.append(bytes.fromhex(b"".join(data).decode()))
        held, strikes = set(), []
        for data in events:
            key = (data[0] & 15, data[1]) if len(data) == 3 else None
            if is_strike(data):
                strikes.append((data[0] & 15, data[2]))
                held.add(key)
            elif is_release(data):
                held.discard(key)
        self.expect(not held, f"{held} hang")
        self.expect(strikes == self.strikes[: len(strikes)], "a note was lost or changed")
        if self.ending is None:
            self.expect(len(strikes) == len(self.strikes) or self.excused(), "notes are missing")
        recorded = 0
        for folder in self.takes:
            for path in glob.glob(folder + "/*"):
                self.expect(path.endswith(".mid"), f"{path} is left")
                for track in mido.MidiFile(path).tracks:
                    if track.name == "played":
                        recorded += sum(m.type == "note_on" and m.velocity > 0 for m in track)
        self.expect(
            recorded == len(strikes) or self.excused(),
            f"{recorded} of {len(strikes)} notes were recorded",
        )


def main():
    build = sys.argv[1]
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 20
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    with open(f"{build}/CMakeCache.txt", encoding="utf-8") as file:
        plain = "AUDIOGENRL_SANITIZE:STRING=\n" in file.read()
    until = time.monotonic() + 60 * minutes
    lives, notes, longest = 0, 0, 0.0
    while lives == 0 or time.monotonic() < until:
        folder = tempfile.mkdtemp(prefix="audiogenrl-chaos-")
        life = Life(build, folder, seed, plain)
        try:
            longest = max(longest, life.live())
        except Fault as fault:
            print("\n".join(life.log[-40:]))
            print(f"seed {seed}, {life.lack or 'nothing'} lacking, in {folder}: {fault}")
            return 1
        notes += len(life.strikes)
        lives += 1
        seed += 100
        shutil.rmtree(folder)
    print(f"{lives} services, {notes} notes, the longest stop {longest:.2f} s: all well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
