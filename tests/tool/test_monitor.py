"""The monitor in a real terminal, tmux, on a real service with the virtual backend.

Skipped (77) where there is no tmux or no pseudo terminal.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "daemon"))
from service import PATIENCE, Service, audiogenrl, off, on  # noqa: E402

NAMES = ["C", "C\u266f", "D", "D\u266f", "E", "F", "F\u266f", "G", "G\u266f", "A", "A\u266f", "B"]
SCRIPT = """
    trap : INT
    printf 'before it\\n'
    stty -g >before
    "$AUDIOGENRL" monitor $OPTIONS
    code=$?
    stty -g >after
    echo "exit $code"
    exec cat
"""
WITH_JOBS = """
    set -m
    "$AUDIOGENRL" monitor
    echo "stopped"
    read -r line
    fg >fg.txt
    echo "exit $?"
    exec cat
"""
COLOUR = re.compile(r"\x1b\[([0-9;]*;)?(3[0-8]|4[0-8]|9[0-7])[;m]")


def name(pitch, sharp="\u266f"):
    return NAMES[pitch % 12].replace("\u266f", sharp) + str(pitch // 12 - 1)


class Pane:
    """The monitor in a terminal of its own; a with statement ends it."""

    count = 0

    def __init__(self, folder, socket, columns=80, rows=24, environment=None, options="", script=SCRIPT):
        Pane.count += 1
        self.server = f"pane{Pane.count}"  # the one before may still be ending
        self.folder = folder
        self.environment = {
            **os.environ,
            "LC_ALL": "C.UTF-8",
            "TMUX_TMPDIR": folder,
            "AUDIOGENRL_SOCKET": socket,
            "OPTIONS": options,
        }
        self.environment.pop("NO_COLOR", None)
        words = [f"{k}={v}" for k, v in (environment or {}).items()]
        self.tmux(
            *("new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", folder),
            *("env", *words, "sh", "-c", script),
        )

    def tmux(self, *words):
        return subprocess.run(
            ["tmux", "-u", "-L", self.server, "-f", "/dev/null", *words],
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
        ).stdout.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")

    def screen(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def wait_for(self, *parts):
        """Until all are on the screen together; the screen."""
        until = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            missing = [part for part in parts if part not in screen]
            if not missing:
                return screen
            assert time.monotonic() < until, f"{missing} not to be seen\n{screen}"
            time.sleep(0.05)

    def wait_without(self, part):
        until = time.monotonic() + PATIENCE
        while part in self.screen():
            assert time.monotonic() < until, f"{part} stays\n{self.screen()}"
            time.sleep(0.05)

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def process(self):
        """The monitor's, below the shell of the pane."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        with open(f"/proc/{shell}/task/{shell}/children", encoding="ascii") as file:
            return int(file.read().split()[0])

    def is_left_clean(self):
        """Settings, cursor and what was on the screen are as they were."""
        with open(os.path.join(self.folder, "before"), encoding="ascii") as file:
            before = file.read()
        with open(os.path.join(self.folder, "after"), encoding="ascii") as file:
            assert file.read() == before, "stty differs"
        flags = self.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}")
        assert flags.split() == ["0", "1"], flags


class Monitor(audiogenrl.Case):
    def service(self, **sections):
        """With a piece in C major, all notes replaced by its."""
        path = os.path.join(self.folder, "repertoire")
        os.makedirs(path, exist_ok=True)
        audiogenrl.piece(os.path.join(path, "a_piece.mid"))
        sections.setdefault("correct", {})["mode"] = "generate"
        return Service(self.folder, **sections)

    def correction(self, service, seconds, key=61):
        """Strikes a key that the piece has not; the pitch that is sent."""
        service.send((seconds, on(key)))
        pitch = service.receive(1)[0][1][1]
        self.assertNotEqual(pitch, key)
        return pitch

    def test_what_is_played_and_sent(self):
        with self.service() as service, Pane(self.folder, service.socket) as pane:
            screen = pane.wait_for("mode generate", "none yet", "96.0 bpm", "fixed tempo")
            self.assertEqual(len(screen.rstrip("\n").split("\n")), 24)
            pane.wait_for("file:input", "file:output", "q quit", "r reload")
            service.wait_for(lambda: service.ask("status")["watch"]["clients"], "watching")
            pitch = self.correction(service, 1.0)
            screen = pane.wait_for(
                f"\u00d7 C\u266f4  \u2192  \u25c6 {name(pitch)}", "1, corrected 1 (100.0 %)"
            )
            lines = screen.split("\n")
            names = next(i for i, line in enumerate(lines) if "C3          C4" in line)
            column = lines[names].index("C4")
            # Above the keys what is held, below them what sounds.
            self.assertEqual(lines[names - 1].strip(), "\u25c6")
            self.assertEqual(lines[names - 1].index("\u25c6"), column + pitch - 60)
            held = next(line for line in lines[names - 6 :] if "\u00d7" in line)
            self.assertEqual(held.strip(), "\u00d7")
            self.assertEqual(held.index("\u00d7"), column + 1)
            self.assertIn("p50", screen)
            service.send((2.0, off(61)), (2.5, bytes([0xB0, 64, 127])))
            service.receive(2)
            pane.wait_for("down")
            until = time.monotonic() + PATIENCE
            while pane.screen().split("\n")[names - 1].strip():
                self.assertLess(time.monotonic(), until, "the mark stays")
            pane.press("q")
            pane.wait_for("exit 0", "before it")
            pane.is_left_clean()
            service.finish()

    def test_keys(self):
        with self.service() as service, Pane(self.folder, service.socket) as pane:
            pane.wait_for("mode generate")
            service.send((1.0, on(61)))
            service.receive(1)
            pane.press("b")
            pane.wait_for("BYPASS", "notes sound as they are played")
            self.assertTrue(service.ask("status")["bypass"])
            pane.press("b")
            pane.wait_without("BYPASS")
            for mode in ("scale", "off", "correct"):
                pane.press("m")
                pane.wait_for(f"mode {mode}")
                service.wait_for(lambda m=mode: service.ask("status")["mode"] == m, mode)
            service.ask("follow", 1)
            pane.wait_for("follow 1 ")
            pane.press("+", "Up", "=", "-")
            pane.wait_for("follow 1.2")
            service.wait_for(
                lambda: abs(service.ask("status")["follow"] - 1.2) < 1e-6, "follow 1.2"
            )
            service.ask("keep", 2)
            pane.wait_for("keep 2 ")
            pane.press("K", "K", "k", "Down")
            pane.wait_for("keep 2.5", "follow 1.1")
            pane.press("?")
            pane.wait_for("Any key closes this.")
            pane.press("x")
            pane.wait_without("Any key closes this.")
            pane.press("t")
            pane.wait_for("tap")
            pane.press("r")
            pane.wait_for("settings and repertoire were read anew")
            self.assertEqual(service.ask("status")["sounding"], 1)
            pane.press("p")
            pane.wait_for("panic: everything was released")
            self.assertEqual(service.ask("status")["sounding"], 0)
            service.write_config(correct={"mode": "loud"})
            pane.press("r")
            pane.wait_for("the service refuses")
            pane.press("q")
            pane.wait_for("exit 0")
            service.finish()

    def test_words_and_names_of_another_language(self):
        words = {"LANGUAGE": "de", "AUDIOGENRL_LOCALES": os.environ["LOCALES"]}
        with self.service() as service, Pane(
            self.folder, service.socket, environment=words, options="--names japanese"
        ) as pane:
            if os.path.exists(f"{os.environ['LOCALES']}/de/LC_MESSAGES/audiogenrl.mo"):
                pane.wait_for("Modus generate", "Letzte Berichtigungen", "noch keine", "q Ende")
            service.wait_for(lambda: service.ask("status")["watch"]["clients"], "watching")
            self.correction(service, 1.0)
            pane.wait_for("\u00d7 \u5b30\u30cf4", "\u30cf5")
            pane.press("q")
            pane.wait_for("exit 0")
        self.fails(2, "monitor", "--names", "klingon", says="klingon")

    def test_sizes(self):
        with self.service() as service, Pane(self.folder, service.socket) as pane:
            pane.wait_for("C2", "C7", "Latency", "q quit")
            pane.resize(120, 40)
            pane.wait_for("C1", "C8", "Latency", "q quit")
            pane.resize(50, 12)
            screen = pane.wait_for("C4", "q quit")
            self.assertNotIn("Latency", screen)
            pane.resize(20, 4)
            pane.wait_for("Too small")
            pane.resize(1, 1)
            pane.resize(200, 60)
            pane.wait_for("C1", "C8", "Latency", "q quit", "96.0 bpm")
            pane.resize(80, 24)
            pane.wait_for("C2", "C7", "Latency", "q quit")
            pane.press("q")
            pane.wait_for("exit 0")
            pane.is_left_clean()
            service.finish()

    def test_a_service_that_is_killed_and_comes_again(self):
        with self.service() as service, Pane(self.folder, service.socket) as pane:
            pane.wait_for("mode generate")
            service.wait_for(lambda: service.ask("status")["watch"]["clients"], "watching")
            self.correction(service, 1.0)
            pane.wait_for("corrected 1 ")
            service.stop(signal.SIGKILL, expect=-signal.SIGKILL)
            pane.wait_for("NOT CONNECTED", "No service", "Trying again every second")
            with self.service() as second:
                screen = pane.wait_for("connected again", "mode generate", "0, corrected 0 ")
                self.assertNotIn("No service", screen)
                second.wait_for(lambda: second.ask("status")["watch"]["clients"], "watching")
                pitch = self.correction(second, 1.0, key=63)
                pane.wait_for(f"D\u266f4  \u2192  \u25c6 {name(pitch)}")
                pane.press("q")
                pane.wait_for("exit 0")
                second.finish()

    def test_a_service_that_hangs(self):
        with self.service() as service, Pane(self.folder, service.socket) as pane:
            pane.wait_for("mode generate")
            service.process.send_signal(signal.SIGSTOP)
            try:
                pane.wait_for("the service does not answer")
            finally:
                service.process.send_signal(signal.SIGCONT)
            pane.wait_without("the service does not answer")
            pane.press("q")
            pane.wait_for("exit 0")
            service.finish()

    def test_no_service(self):
        path = os.path.join(self.folder, "control")
        with Pane(self.folder, path) as pane:
            pane.wait_for("No service", "systemctl start", "AUDIOGENRL_SOCKET", "q quits")
            pane.press("b", "q")
            screen = pane.wait_for("exit 1", "the service is not running")
            self.assertEqual(screen.count("audiogenrl: "), 1)
            pane.is_left_clean()

    def test_a_service_that_comes_later(self):
        with Pane(self.folder, os.path.join(self.folder, "control")) as pane:
            pane.wait_for("No service")
            with self.service() as service:
                pane.wait_for("mode generate", "service up")
                pane.press("C-c")
                pane.wait_for("exit 0")
                pane.is_left_clean()
                service.finish()

    def test_signals_leave_the_terminal_clean(self):
        with self.service() as service:
            for how in (signal.SIGTERM, signal.SIGINT):
                with Pane(self.folder, service.socket) as pane:
                    pane.wait_for("mode generate")
                    os.kill(pane.process(), how)
                    pane.wait_for("exit 0", "before it")
                    pane.is_left_clean()
            service.finish()

    def test_a_terminal_that_goes_away_ends_it(self):
        with self.service() as service:
            with Pane(self.folder, service.socket) as pane:
                pane.wait_for("mode generate")
                process = pane.process()
            until = time.monotonic() + PATIENCE
            while os.path.exists(f"/proc/{process}"):
                self.assertLess(time.monotonic(), until, "it runs on without a terminal")
                time.sleep(0.05)
            service.finish()

    def test_stopped_and_continued(self):
        with self.service() as service, Pane(
            self.folder, service.socket, script=WITH_JOBS
        ) as pane:
            pane.wait_for("mode generate")
            pane.press("C-z")
            pane.wait_for("stopped")
            pane.wait_without("mode generate")
            pane.press("Enter")
            pane.wait_for("mode generate", "q quit")
            pane.press("q")
            pane.wait_for("stopped", "exit 0")
            service.finish()

    def test_terminals_that_can_do_little(self):
        """A vt100 without Unicode, --plain, and terminals of few colours or signs."""
        for environment, options, plain in (
            ({"TERM": "vt100", "LC_ALL": "C"}, "", True),
            ({}, "--plain", True),
            ({"TERM": "linux"}, "", True),
            ({"TERM": "screen"}, "", False),
            ({"NO_COLOR": "1"}, "", False),
        ):
            with self.service() as service:
                with Pane(
                    self.folder, service.socket, environment=environment, options=options
                ) as pane:
                    pane.wait_for("mode generate", "q quit")
                    service.wait_for(
                        lambda s=service: s.ask("status")["watch"]["clients"], "watching"
                    )
                    pitch = self.correction(service, 1.0)
                    if plain:
                        screen = pane.wait_for(f"x C#4  -> # {name(pitch, '#')}")
                        self.assertTrue(screen.isascii(), screen)
                    else:
                        pane.wait_for(f"\u00d7 C\u266f4  \u2192  \u25c6 {name(pitch)}")
                    coloured = COLOUR.search(pane.screen("-e")) is not None
                    self.assertEqual(coloured, environment.get("TERM") in ("linux", "screen"))
                    pane.press("q")
                    pane.wait_for("exit 0")
                    service.finish()

    def test_no_terminal(self):
        self.fails(1, "monitor", says="standard output is no terminal")
        self.fails(2, "monitor", "x", says="options only")
        self.fails(2, "monitor", "--colour")
        for kind in ("dumb", "no-such-terminal"):
            with Pane(self.folder, "nowhere", environment={"TERM": kind}) as pane:
                screen = pane.wait_for("exit 1", f"TERM={kind}")
                self.assertEqual(screen.count("audiogenrl: "), 1)
                pane.is_left_clean()


def can_be_tested():
    if not shutil.which("tmux"):
        return False
    try:
        for end in os.openpty():
            os.close(end)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    if not can_be_tested():
        print("skipped: no tmux, or no pseudo terminals")
        sys.exit(77)
    unittest.main()
