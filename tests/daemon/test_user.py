"""The service as a user without rights runs it, and the commands to it."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import time
import unittest

import mido
from service import PATIENCE, PROGRAM, audiogenrl


FOLDER = os.path.dirname(os.path.abspath(__file__))
TEMPLATE = os.path.join(FOLDER, "..", "..", "systemd", "audiogenrl-user.service.in")


class User(audiogenrl.Case):
    """Root runs both as nobody; programs are copied to where nobody may come."""

    def setUp(self):
        super().setUp()
        self.ids = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.ids = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chmod(self.folder, 0o755)
        self.place = self.home_of("home")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.place,
            "XDG_RUNTIME_DIR": self.home_of("run"),
            "LLVM_PROFILE_FILE": "/dev/null",  # nobody cannot add to a coverage count
        }
        self.service, self.tool = self.copy(PROGRAM), self.copy(audiogenrl.PROGRAM)
        self.takes = os.path.join(self.place, "takes")
        self.config = os.path.join(self.place, "it.conf")
        with open(self.config, "w", encoding="ascii") as file:
            file.write(
                "[input]\nbackend = virtual\nconnect = -\n[output]\nconnect = -\n"
                f"[correct]\nmode = off\nrepertoire = {self.place}\n"
                f"[record]\nfolder = {self.takes}\n"
            )
        os.chmod(self.config, 0o644)

    def home_of(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path, 0o700)
        if self.ids:
            os.chown(path, self.ids["user"], self.ids["group"])
        return path

    def copy(self, program):
        path = os.path.join(self.folder, os.path.basename(program))
        shutil.copy(program, path)
        os.chmod(path, 0o755)
        return path

    def run_service(self, **environment):
        return subprocess.Popen(
            [self.service, "--foreground", "--virtual-clock", "-c", self.config],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={**self.environment, **environment},
            **self.ids,
        )

    def command(self, *arguments, **environment):
        return subprocess.run(
            [self.tool, *arguments],
            capture_output=True,
            timeout=PATIENCE,
            cwd="/",
            env={**self.environment, **environment},
            **self.ids,
        )

    def await_service(self, **environment):
        until = time.monotonic() + PATIENCE
        while (done := self.command("status", "--json", **environment)).returncode != 0:
            self.assertLess(time.monotonic(), until, done.stderr.decode())
            time.sleep(0.05)
        return json.loads(done.stdout)

    def test_folders_of_the_user(self):
        """--user: settings and pieces below the home folder, or where XDG's variables say."""
        config, data = self.home_of("config"), self.home_of("data")
        places = {"XDG_CONFIG_HOME": config, "XDG_DATA_HOME": data}
        pieces = os.path.join(data, "audiogenrl", "repertoire")
        os.makedirs(pieces)
        audiogenrl.piece(os.path.join(pieces, "piece.mid"))
        os.mkdir(os.path.join(config, "audiogenrl"))
        for folder in (os.path.join(data, "audiogenrl"), pieces, os.path.join(config, "audiogenrl")):
            os.chmod(folder, 0o755)
        own = os.path.join(config, "audiogenrl", "audiogenrl.conf")

        def start(*options, **more):
            return subprocess.Popen(
                [self.service, "--foreground", "--user", *options], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
                env={**self.environment, **places, **more}, **self.ids,
            )  # fmt: skip

        with start("--check") as check:  # no file: the defaults
            self.assertEqual(check.communicate(timeout=PATIENCE)[1], b"")
        self.assertEqual(check.returncode, 0)
        with open(own, "w", encoding="ascii") as file:
            file.write("[correct]\nmode = loud\n")
        os.chmod(own, 0o644)
        with start("--check") as check:
            self.assertIn(own.encode() + b":2:", check.communicate(timeout=PATIENCE)[1])
        self.assertEqual(check.returncode, 1)
        shutil.copy(self.config, own)
        with open(own, encoding="ascii") as file:
            text = file.read().replace(f"repertoire = {self.place}\n", "")
        with open(own, "w", encoding="ascii") as file:
            file.write(text)
        with start("--virtual-clock") as service:
            until = time.monotonic() + PATIENCE
            while self.await_service()["repertoire"] != {"pieces": 1, "complete": True}:
                self.assertLess(time.monotonic(), until)
                time.sleep(0.05)
            self.assertEqual(self.command("reload").returncode, 0)
            _, log = service.communicate(b"0 90 3C 40\n1 80 3C 40\n", timeout=PATIENCE)
        self.assertEqual(service.returncode, 0, log.decode())
        self.assertIn(os.path.join(pieces, "piece.mid").encode(), log)

    def test_plays_records_and_takes_commands(self):
        own = os.path.join(self.environment["XDG_RUNTIME_DIR"], "audiogenrl", "control")
        with self.run_service() as service:
            status = self.await_service()
            self.assertEqual(status["mode"], "off")
            self.assertTrue(os.path.exists(own))
            self.assertEqual(os.stat(own).st_mode & 0o007, 0)
            self.assertEqual(self.command("mode", "scale").returncode, 0)
            self.assertEqual(self.await_service()["mode"], "scale")
            self.assertEqual(self.command("reload").returncode, 0)
            sent, log = service.communicate(b"0 90 3C 40\n1 80 3C 40\n", timeout=PATIENCE)
        self.assertEqual(service.returncode, 0, log.decode())
        self.assertIn(b"90 3C 40", sent.upper())
        self.assertFalse(os.path.exists(own))
        (name,) = os.listdir(self.takes)
        file = mido.MidiFile(os.path.join(self.takes, name))
        notes = [m.note for m in file.tracks[0] if m.type == "note_on"]
        self.assertEqual(notes, [60])
        # No right to real-time scheduling is a warning, where it is not there, and no more.
        for line in log.decode().splitlines():
            self.assertTrue(line.startswith("audiogenrld: "), line)

    def test_a_socket_of_its_own(self):
        where = {"AUDIOGENRL_SOCKET": os.path.join(self.place, "socket")}
        with self.run_service(**where) as service:
            self.await_service(**where)
            done = self.command("status")
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"AUDIOGENRL_SOCKET", done.stderr)
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=PATIENCE)
        self.assertEqual(service.returncode, 0)

    @unittest.skipIf(os.access("/run", os.W_OK) and os.geteuid() != 0, "may write everywhere")
    def test_nowhere_to_have_a_socket(self):
        del self.environment["XDG_RUNTIME_DIR"]
        with self.run_service() as service:
            _, log = service.communicate(b"", timeout=PATIENCE)
        self.assertEqual(service.returncode, 1)
        self.assertIn("AUDIOGENRL_SOCKET", log.decode().splitlines()[-1])


class Unit(audiogenrl.Case):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd-analyze")
    def test_systemd_understands_it(self):
        with open(TEMPLATE, encoding="ascii") as file:
            text = file.read()
        for program in (PROGRAM, audiogenrl.PROGRAM):
            name = os.path.basename(program)
            text = text.replace(f"@CMAKE_INSTALL_FULL_BINDIR@/{name} ", f"{program} ")
        self.assertNotIn("@CMAKE", text)
        with open("audiogenrl.service", "w", encoding="ascii") as file:
            file.write(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--user", "--man=no", "./audiogenrl.service"],
            env={**os.environ, "XDG_RUNTIME_DIR": self.folder}, capture_output=True,
            encoding="utf-8", check=False,
        )  # fmt: skip
        ours = [line for line in done.stderr.splitlines() if "audiogenrl" in line]
        self.assertEqual(ours, [])


if __name__ == "__main__":
    unittest.main()
