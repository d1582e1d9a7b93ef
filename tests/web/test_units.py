"""What systemd is told of the page, and the address of it."""

import os
import re
import shutil
import socket
import stat
import subprocess
import time
import unittest
from xml.etree import ElementTree

import audiogenrl
from web import PROGRAM, TOKEN

SOURCE, BUILD = os.environ["SOURCE"], os.environ["BUILD"]


def run(*words, environment=None):
    return subprocess.run(
        [PROGRAM, *words], capture_output=True, encoding="utf-8", check=False,
        stdin=subprocess.DEVNULL, timeout=60, env={**os.environ, **(environment or {})},
    )  # fmt: skip


def write_token(text=TOKEN + "\n", mode=0o600):
    with open("web.token", "w", encoding="ascii") as file:
        file.write(text)
    os.chmod("web.token", mode)


class Units(audiogenrl.Case):
    def settings(self, listen=None, token="web.token"):
        with open("it.conf", "w", encoding="utf-8") as file:
            file.write(f"[web]\ntoken = {os.path.abspath(token)}\n")
            if listen:
                file.write(f"listen = {listen}\n")
        return "it.conf"

    def test_the_generator(self):
        os.mkdir("units")
        for listen in (None, "off"):
            done = run("-c", self.settings(listen), "--units", "units")
            self.assertEqual((done.returncode, done.stderr, os.listdir("units")), (0, "", []))
        done = run("-c", self.settings("0.0.0.0:8322"), "--units", "units")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open("units/audiogenrl-web.socket.d/listen.conf", encoding="ascii") as file:
            self.assertIn("[Socket]\nListenStream=\nListenStream=0.0.0.0:8322\n", file.read())
        wanted = os.readlink("units/sockets.target.wants/audiogenrl-web.socket")
        self.assertTrue(wanted.endswith("/lib/systemd/system/audiogenrl-web.socket"))
        # As systemd runs it: the script that is installed.
        with open(f"{BUILD}/systemd/audiogenrl-web.generator", encoding="ascii") as file:
            self.assertRegex(file.read(), r'exec /\S+/audiogenrl-web --units "\$1"\n$')
        done = run("-c", self.settings("nonsense"), "--units", "units")
        self.assertEqual(done.returncode, 1)
        self.assertIn("[web] listen: expected off or ADDRESS:PORT", done.stderr)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd-analyze")
    def test_the_unit_is_hardened(self):
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager", f"{BUILD}/systemd/audiogenrl-web.service"],
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
        self.assertIsNotNone(found, done.stdout + done.stderr)
        self.assertLessEqual(float(found[1]), 1.0)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "needs systemd-analyze")
    def test_systemd_understands_the_units(self):
        for name in ("audiogenrl-web.service", "audiogenrl-web.socket"):
            built = f"{BUILD}/systemd/{name}"
            shutil.copy(built if os.path.exists(built) else f"{SOURCE}/systemd/{name}", name)
        with open("audiogenrl-web.service", encoding="ascii") as file:
            text = re.sub(r"^ExecStart=.*$", f"ExecStart={PROGRAM}", file.read(), flags=re.M)
        with open("audiogenrl-web.service", "w", encoding="ascii") as file:
            file.write(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "./audiogenrl-web.service", "./audiogenrl-web.socket"],
            capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        ours = [line for line in done.stderr.splitlines() if "audiogenrl-web" in line]
        self.assertEqual(ours, [])

    def test_the_link(self):
        done = run("-c", self.settings("127.0.0.1:8322"), "--link")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        match = re.fullmatch(r"http://127\.0\.0\.1:8322/\?token=([a-z2-9]{26})\n", done.stdout)
        self.assertIsNotNone(match, done.stdout)
        self.assertEqual(stat.S_IMODE(os.stat("web.token").st_mode) & 0o137, 0)
        self.assertEqual(run("-c", "it.conf", "--link").stdout, done.stdout)
        os.remove("web.token")
        self.assertNotEqual(run("-c", "it.conf", "--link").stdout, done.stdout)
        done = run("-c", self.settings("[::1]:8322"), "--link")
        self.assertTrue(done.stdout.startswith("http://[::1]:8322/?token="), done.stdout)

    def test_the_announcement(self):
        """For the network only, and only where avahi has its folder."""
        os.mkdir("avahi")
        for listen, port in (("0.0.0.0:8322", "8322"), ("[::]:80", "80"), ("127.0.0.1:8322", None),
                             ("192.168.7.5:8322", "8322"), ("[::1]:8322", None), ("0.0.0.0:1", "1"), (None, None)):  # fmt: skip
            done = run("-c", self.settings(listen), "--announce", "avahi")
            self.assertEqual((done.returncode, done.stderr, done.stdout), (0, "", ""), listen)
            self.assertEqual(os.listdir("avahi"), ["audiogenrl-web.service"] if port else [], listen)
            if port:
                group = ElementTree.parse("avahi/audiogenrl-web.service").getroot()
                self.assertEqual(group.findtext("service/port"), port)
                self.assertEqual(group.findtext("service/type"), "_http._tcp")
            shutil.rmtree("units", ignore_errors=True)
            os.mkdir("units")
            self.assertEqual(run("-c", "it.conf", "--units", "units").returncode, 0)
            if listen:
                with open("units/audiogenrl-web.socket.d/listen.conf", encoding="ascii") as file:
                    self.assertEqual("--announce /etc/avahi/services" in file.read(), bool(port))
        self.assertEqual(run("-c", self.settings("0.0.0.0:8322"), "--announce", "nowhere").returncode, 0)
        self.assertFalse(os.path.exists("nowhere"))

    def test_the_code(self):
        """In a terminal the address is drawn too."""
        self.settings("127.0.0.1:8322")
        done = subprocess.run(["script", "-qec", f"{PROGRAM} -c it.conf --link", "/dev/null"],
                              capture_output=True, encoding="utf-8", check=False)  # fmt: skip
        lines = done.stdout.splitlines()
        if len(lines) == 1:
            self.skipTest("built without libqrencode")
        code = [line for line in lines if set(line) <= set("█▀▄ ") and line.strip()]
        width = len(code[0])
        self.assertTrue(all(len(line) == width for line in code))
        self.assertEqual((width + 1) // 2, len(code))
        # Light all around, and the three marks of a QR code in its corners.
        self.assertEqual(set(code[0]), {"█"})
        self.assertTrue(all(line[:4] == line[-4:] == "████" for line in code))
        self.assertEqual(code[2][4:11], " ▄▄▄▄▄ ")

    def test_faults(self):
        self.assertEqual(run("--nonsense").returncode, 2)
        self.assertEqual(run("argument").returncode, 2)
        done = run("-c", self.settings())
        self.assertEqual(done.returncode, 1)
        self.assertIn("--link makes one", done.stderr)
        write_token(mode=0o644)
        done = run("-c", "it.conf")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1))
        self.assertIn("everybody may read the token", done.stderr)
        os.chmod("web.token", 0o600)
        done = run("-c", "it.conf")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the page is off", done.stderr)
        for text in ("", "short\n", "with a blank in it, and long\n", "abcdefghijkmnpqrstuvwxyz23\nx\n"):
            write_token(text)
            done = run("-c", self.settings("127.0.0.1:8322"))
            self.assertEqual(done.returncode, 1)
            self.assertIn("expected a token", done.stderr)

    def test_a_port_that_is_taken(self):
        write_token()
        with socket.create_server(("127.0.0.1", 0)) as other:
            done = run("-c", self.settings(f"127.0.0.1:{other.getsockname()[1]}"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot listen there: Address already in use", done.stderr)

    def test_by_hand(self):
        """Without systemd it opens the address of the settings itself."""
        write_token()
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
        process = subprocess.Popen([PROGRAM, "-c", self.settings(f"127.0.0.1:{port}")], stderr=subprocess.PIPE)
        try:
            for _ in range(500):
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                        answer = connection.makefile("rb").read()
                    break
                except ConnectionRefusedError:
                    self.assertIsNone(process.poll())
                    time.sleep(0.02)
            self.assertTrue(answer.startswith(b"HTTP/1.1 401 "))
        finally:
            process.terminate()
            said = process.stderr.read()
            process.stderr.close()
            self.assertEqual((process.wait(timeout=60), said), (0, b""))


if __name__ == "__main__":
    unittest.main()
