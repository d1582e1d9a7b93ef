"""Running the real audiogenrl-web, in front of a real audiogenrld or none, and asking it things.

It is started as systemd does it: with a socket that listens already. The program is named by
$AUDIOGENRL_WEB.
"""

import http.client
import json
import os
import socket
import subprocess
import threading

PROGRAM = os.environ["AUDIOGENRL_WEB"]
HASTY = os.environ["HASTY_WEB"]  # ten times as impatient
TOKEN = "abcdefghijkmnpqrstuvwxyz23"
PATIENCE = 60


class Web:
    """A server on a port of its own; a with statement ends it."""

    def __init__(self, folder, service=None, environment=None, program=PROGRAM, **sections):
        self.folder = folder
        self.token_file = os.path.join(folder, "web.token")
        with open(self.token_file, "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(TOKEN + "\n")
        self.repertoire = os.path.join(folder, "repertoire")
        self.recordings = os.path.join(folder, "recordings")
        os.makedirs(self.repertoire, exist_ok=True)
        os.makedirs(self.recordings, exist_ok=True)
        self.config = os.path.join(folder, "web.conf")
        settings = {
            "web": {"token": self.token_file},
            "correct": {"repertoire": self.repertoire},
            "record": {"folder": self.recordings},
        }
        for section, keys in sections.items():
            settings.setdefault(section, {}).update(keys)
        with open(self.config, "w", encoding="utf-8") as file:
            for section, keys in settings.items():
                file.write(f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()))
        self.reports = os.path.join(folder, "reports")
        os.makedirs(self.reports, exist_ok=True)
        listening = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port = listening.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.origin = f"http://{self.host}"
        script = f'exec 3<&{listening.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", program, "-c", self.config],
            pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={
                **os.environ,
                "AUDIOGENRL_SOCKET": service.socket if service else os.path.join(folder, "control"),
                "CACHE_DIRECTORY": self.reports,
                **(environment or {}),
            },
        )
        listening.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def stop(self, expect=0):
        self.process.terminate()
        said = self.process.stderr.read().decode()
        code = self.process.wait(timeout=PATIENCE)
        assert code == expect, f"exit code {code}\n{said}"
        return said

    def request(self, method, path, body=None, headers=None, token=TOKEN, origin=True):
        """(status, headers, bytes)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = {}
        if token:
            sent["Cookie"] = f"audiogenrl={token}"
        if origin and method not in ("GET", "HEAD"):
            sent["Origin"] = self.origin
        sent.update(headers or {})
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def ask(self, method, path, body=None, **options):
        status, _, text = self.request(method, path, body, **options)
        return status, json.loads(text)

    def command(self, command, value=None):
        request = {"command": command}
        if value is not None:
            request["value"] = value
        return self.ask("POST", "/api/command", json.dumps(request))

    def dial(self, text=b"", timeout=PATIENCE):
        """A connection of bytes."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        connection.sendall(text)
        return connection

    def head(self, method, path, *lines):
        """The head of a request, with all that it needs."""
        wanted = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", f"Origin: {self.origin}",
                  f"Cookie: audiogenrl={TOKEN}", *lines]  # fmt: skip
        return "\r\n".join(wanted).encode() + b"\r\n\r\n"

    def memory(self):
        """KiB that are its own or shared: the resident set."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


class Events:
    """A stream of events, read by a thread of its own."""

    def __init__(self, web, token=TOKEN):
        self.connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=PATIENCE)
        self.connection.request("GET", "/api/events", headers={"Cookie": f"audiogenrl={token}"})
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.told = []  # (name, what)
        self.changed = threading.Condition()
        self.ended = False
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        name = "message"
        try:
            for line in iter(self.answer.readline, b""):
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    name = text[7:]
                elif text.startswith("data: "):
                    with self.changed:
                        self.told.append((name, json.loads(text[6:])))
                        self.changed.notify_all()
                elif not text:
                    name = "message"
        except (OSError, http.client.HTTPException, ValueError):
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for(self, condition, what, patience=PATIENCE):
        """The first event for which the condition holds, and its name."""
        seen = 0
        with self.changed:
            while True:
                for told in self.told[seen:]:
                    if condition(*told):
                        return told
                seen = len(self.told)
                assert not self.ended, f"the stream ended before {what}"
                assert self.changed.wait(patience), f"{what} did not come"

    def notes(self):
        """All events of notes so far."""
        with self.changed:
            return [
                event
                for name, told in self.told
                if name == "message" and told.get("watch") == "events"
                for event in told["events"]
            ]

    def close(self):
        if self.connection.sock:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(timeout=PATIENCE)
        self.connection.close()
