"""Running the real audiogenrld on timed events, and asking it things.

The virtual backend reads events from standard input and writes them to standard
output; by the virtual clock time is what the events say, so that a run depends
on its input alone. The programs are named by $AUDIOGENRLD and $AUDIOGENRL.
"""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tool"))
import audiogenrl  # noqa: E402

PROGRAM = os.environ["AUDIOGENRLD"]
PATIENCE = 60


class Service:
    """A service of its own folder; a with statement ends it."""

    def __init__(self, folder, backend="virtual", environment=None, options=(), reads=True, **sections):
        self.folder = folder
        self.socket = os.path.join(folder, "control")
        self.config = os.path.join(folder, "it.conf")
        self.repertoire = os.path.join(folder, "repertoire")
        os.makedirs(self.repertoire, exist_ok=True)
        self.backend = backend
        self.write_config(**sections)
        self.lines = queue.Queue()
        self.log = []
        options = list(options) or (["--virtual-clock"] if backend == "virtual" else [])
        self.process = subprocess.Popen(
            [PROGRAM, "-c", self.config, "--foreground", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **os.environ,
                "AUDIOGENRL_SOCKET": self.socket,
                "CACHE_DIRECTORY": os.path.join(folder, "cache"),
                "STATE_DIRECTORY": os.path.join(folder, "state"),
                **(environment or {}),
            },
        )
        self.readers = [
            threading.Thread(target=reader, daemon=True)
            for reader in ([self.read_events, self.read_log] if reads else [self.read_log])
        ]
        for reader in self.readers:
            reader.start()

    def write_config(self, **sections):
        settings = {
            "input": {"backend": self.backend, "connect": "-"},
            "output": {"connect": "-"},
            "clock": {"source": "fixed", "tempo": 96},
            "correct": {"repertoire": self.repertoire},
            "realtime": {"priority": 0, "lock-memory": "no"},
        }
        for section, keys in sections.items():
            settings.setdefault(section, {}).update(keys)
        with open(self.config, "w", encoding="utf-8") as file:
            for section, keys in settings.items():
                file.write(f"[{section}]\n")
                for key, value in keys.items():
                    file.write(f"{key} = {value}\n")

    def read_events(self):
        for line in self.process.stdout:
            seconds, *data = line.decode().split()
            self.lines.put((float(seconds), bytes.fromhex("".join(data))))
        self.lines.put(None)

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.decode(errors="replace").rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass

    def send(self, *events):
        """Each event: seconds, and bytes or a word."""
        text = ""
        for seconds, what in events:
            text += f"{seconds:.6f} {what if isinstance(what, str) else what.hex(' ')}\n"
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def receive(self, count):
        return [self.lines.get(timeout=PATIENCE) for _ in range(count)]

    def finish(self, expect=0):
        """Ends the input; the rest of the output."""
        self.process.stdin.close()
        return self.rest(expect)

    def stop(self, how=signal.SIGTERM, expect=0):
        self.process.send_signal(how)
        return self.rest(expect)

    def rest(self, expect):
        events = []
        while (event := self.lines.get(timeout=PATIENCE)) is not None:
            events.append(event)
        code = self.process.wait(timeout=PATIENCE)
        self.readers[-1].join()
        assert code == expect, f"exit code {code}\n" + "\n".join(self.log)
        return events

    def ask(self, command, value=None):
        request = {"command": command}
        if value is not None:
            request["value"] = value
        with self.connect() as client:
            client.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(client.makefile().readline())

    def connect(self):
        """Waits for the service to be there."""
        until = time.monotonic() + PATIENCE
        while True:
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.settimeout(PATIENCE)
            try:
                client.connect(self.socket)
                return client
            except (FileNotFoundError, ConnectionRefusedError):
                client.close()
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def wait_for(self, condition, what):
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until, f"{what} did not come\n" + "\n".join(self.log)
            time.sleep(0.02)

    def logged(self, text):
        return any(text in line for line in self.log)


def on(pitch, velocity=64, channel=0):
    return bytes([0x90 | channel, pitch, velocity])


def off(pitch, velocity=64, channel=0):
    return bytes([0x80 | channel, pitch, velocity])


def is_on(data):
    return data[0] & 0xF0 == 0x90 and data[2] > 0


def is_off(data):
    return data[0] & 0xF0 == 0x80 or (data[0] & 0xF0 == 0x90 and data[2] == 0)


def heard(events):
    """Without the releases of pitches that do not sound, which end nothing."""
    held, kept = {}, []
    for seconds, data in events:
        key = (data[0] & 15, data[1])
        if is_on(data):
            held[key] = held.get(key, 0) + 1
        elif is_off(data):
            if not held.get(key):
                continue
            held[key] -= 1
        kept.append((seconds, data))
    return kept


def sounding(events):
    """By (channel, pitch): strikes that were not released. A release of a pitch that does not
    sound ends nothing: the second one of a key that was struck again before the first."""
    held = {}
    for _, data in events:
        if is_on(data) or is_off(data):
            key = (data[0] & 15, data[1])
            held[key] = max(0, held.get(key, 0) + (1 if is_on(data) else -1))
    return {key: count for key, count in held.items() if count}
