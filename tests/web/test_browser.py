"""The page in a real browser, in front of a real service: what is seen, heard by a screen
reader, and done by keyboard alone, on a phone and on a desktop."""

import base64
import json
import os
import shutil
import time
import unittest

import audiogenrl
from chromium import PROGRAM, Chromium, Navigated
from service import Service, off, on
from test_page import TOO_WIDE, contrast
from web import TOKEN, Web

PHONE, DESKTOP = (360, 740), (1280, 900)
PATIENCE = 30

# What can be pressed, with its size.
PRESSED = """[...document.querySelectorAll('button, .button, nav a, fieldset label, input[type=range]')]
  .filter(e => e.checkVisibility()).map(e => [e.textContent.trim().slice(0, 30),
    Math.round(e.getBoundingClientRect().width), Math.round(e.getBoundingClientRect().height)])"""


class Page(Chromium):
    def __enter__(self):
        super().__enter__()
        self.ask("Runtime.enable")
        self.ask("Log.enable")
        return self

    def holds(self, code):
        try:
            return self.evaluate(f"!!({code})")
        except Navigated:
            return False

    def wait_for(self, code, what):
        until = time.monotonic() + PATIENCE
        while not self.holds(code):
            assert time.monotonic() < until, f"{what} did not come: {self.evaluate('document.body.innerText')}"
            time.sleep(0.02)

    def text(self, name):
        return self.evaluate(f"document.getElementById('{name}').textContent")

    def wait_for_text(self, name, text):
        self.wait_for(f"document.getElementById('{name}').textContent.includes({json.dumps(text)})", text)

    def press(self, key, code=0, text="", shift=False):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code,
                     modifiers=8 if shift else 0, **({"text": text} if text and kind == "keyDown" else {}))  # fmt: skip

    def tab(self):
        """What has the focus after the next Tab."""
        self.press("Tab", 9)
        return self.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.id || "
            "document.activeElement.value || document.activeElement.textContent).trim()"
        )

    def tab_to(self, name):
        for _ in range(80):
            if self.tab() == name:
                return
        raise AssertionError(f"{name} cannot be reached by Tab")

    def picture(self, name):
        """For people who work on the page: where $PICTURES says, if it is said."""
        if folder := os.environ.get("PICTURES"):
            shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
            with open(os.path.join(folder, name), "wb") as file:
                file.write(base64.b64decode(shot["data"]))

    def complaints(self, origin):
        """What the browser has to say against the page: its console. Those of a page before it
        may still come."""
        return [
            event["params"]
            for event in self.events
            if origin in json.dumps(event)
            and event.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
            and event["params"].get("entry", {}).get("level") != "verbose"
        ]


@unittest.skipUnless(PROGRAM, "needs chromium")
class Browser(audiogenrl.Case):
    @classmethod
    def setUpClass(cls):
        cls.page = Page().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.page.__exit__()

    def setUp(self):
        super().setUp()
        audiogenrl.piece("minuet.mid")
        name = os.path.join(self.folder, "repertoire", "minuet.mid")
        os.makedirs(os.path.dirname(name))
        shutil.copy("minuet.mid", name)
        self.service = Service(self.folder)
        self.addCleanup(self.service.__exit__)
        self.web = Web(self.folder, self.service)
        self.addCleanup(self.web.__exit__)
        shutil.copy("minuet.mid", os.path.join(self.web.recordings, "2025-06-30_18-05-59.mid"))
        self.service.wait_for(lambda: self.service.ask("status")["repertoire"]["pieces"] == 1, "the piece")
        self.page.ask("Network.clearBrowserCookies")

    def open(self, size):
        self.page.load(f"{self.web.origin}/?token={TOKEN}", *size)
        self.page.wait_for_text("state", "Ready")
        self.page.wait_for("document.querySelectorAll('#piece-list li .name').length", "the pieces")
        self.page.wait_for("document.querySelectorAll('#recording-list li .name').length", "the recordings")

    def play(self, wrong=()):
        """The piece's first bars, with some keys struck a semitone too high."""
        import mido

        seconds, count, events = 1.0, 0, []
        for message in mido.MidiFile("minuet.mid"):
            seconds += message.time
            if message.type in ("note_on", "note_off") and seconds < 14:
                events.append((seconds, message))
        keys = {}
        sent = []
        for seconds, message in events:
            if message.type == "note_on" and message.velocity:
                shift = 1 if count in wrong else 0
                count += 1
                keys[message.note] = message.note + shift
                sent.append((seconds, on(message.note + shift)))
            else:
                sent.append((seconds, off(keys.get(message.note, message.note))))
        sent += [(14, off(pitch)) for pitch in range(21, 109)]
        self.service.send(*sent)
        self.service.receive(len(sent))

    def test_what_is_seen(self):
        for size in (PHONE, DESKTOP):
            with self.subTest(size=size):
                self.open(size)
                self.assertEqual(self.page.evaluate("location.search"), "")  # no token to be seen
                self.assertEqual(self.page.evaluate("document.cookie"), "")
                self.assertEqual(self.page.complaints(self.web.origin), [])
                for url in self.page.requests():
                    self.assertTrue(url.startswith(self.web.origin + "/"), url)
                self.assertEqual(self.page.evaluate(TOO_WIDE), [])
                self.assertEqual(
                    self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0
                )
                for text, colour, behind, pixels in self.page.texts():
                    self.assertGreaterEqual(contrast(colour, behind), 4.5, text)
                    self.assertGreaterEqual(pixels, 13, text)
                for text, width, height in self.page.evaluate(PRESSED):
                    self.assertGreaterEqual(min(width, height), 40, text)
                self.page.picture(f"still-{size[0]}.png")

    def test_reading_order(self):
        for size in (PHONE, DESKTOP):
            with self.subTest(size=size):
                self.open(size)
                read = self.page.reading()
                headings = [(p["level"], name) for role, name, p, _ in read if role == "heading"]
                self.assertEqual([level for level, _ in headings].count(1), 1)
                self.assertEqual(
                    [name for level, name in headings if level == 2],
                    ["Live", "Controls", "Pieces", "Recordings", "Devices", "When it is silent"],
                )
                self.assertTrue(all(b[0] <= a[0] + 1 for a, b in zip(headings, headings[1:])))
                roles = [role for role, *_ in read]
                self.assertEqual(roles.count("main"), 1)
                self.assertEqual(roles.count("navigation"), 1)
                for role, name, _, _ in read:
                    if role in ("button", "link", "slider", "radio", "image", "img", "region"):
                        self.assertTrue(name, role)
                nodes = self.page.ask("Accessibility.getFullAXTree")["nodes"]
                knob = next(n for n in nodes if n.get("role", {}).get("value") == "slider")
                self.assertTrue(knob["description"]["value"].startswith("Normal help. Wrong keys"))
                self.assertEqual(
                    self.page.evaluate("document.getElementById('help-knob').getAttribute('aria-valuetext')"),
                    "Normal help",
                )
                buttons = [name for role, name, *_ in read if role == "button"]
                self.assertEqual(len(buttons), len(set(buttons)), buttons)
                self.assertIn("Follow only minuet", buttons)

    def test_what_is_played(self):
        self.open(PHONE)
        self.play(wrong=(24, 30))
        self.page.wait_for_text("piece", "minuet")
        self.page.wait_for_text("sure", "ure (")
        self.page.wait_for("document.querySelectorAll('#corrections li:not(.none)').length >= 1", "corrections")
        self.assertRegex(self.page.text("corrections"), r"You struck [A-G]")
        self.assertRegex(self.page.text("bar-text"), r"^Bar \d+ · [1-4]$")
        self.assertRegex(self.page.text("count"), r"\d+ notes, [1-9]\d* corrected")
        # A key that is held is drawn, and let go again.
        self.service.send((20, on(60)))
        self.service.receive(1)
        self.page.wait_for("document.querySelectorAll('#keys .right, #keys .wrong').length === 1", "the key")
        self.page.picture("played-360.png")
        self.service.send((21, off(60)))
        self.service.receive(1)
        self.page.wait_for("!document.querySelector('#keys .right, #keys .wrong, #keys .instead')", "the release")
        self.service.send((22, on(24)))
        self.service.receive(1)
        self.page.wait_for("document.querySelectorAll('#keys .white').length === 36", "more keys")
        self.assertEqual(self.page.complaints(self.web.origin), [])

    def test_keyboard_only(self):
        self.open(DESKTOP)
        self.page.tab_to("bypass")
        self.page.press(" ", 32, " ")
        self.service.wait_for(lambda: self.service.ask("status")["bypass"], "bypass")
        self.page.wait_for("document.getElementById('bypass').getAttribute('aria-pressed') === 'true'", "the button")
        self.page.wait_for_text("state", "nothing is corrected")
        self.page.press("Enter", 13, "\r")
        self.service.wait_for(lambda: not self.service.ask("status")["bypass"], "no bypass")
        self.assertEqual(self.page.tab(), "panic")
        self.page.press("Enter", 13, "\r")
        self.assertEqual(self.page.tab(), "help-knob")
        self.page.press("ArrowLeft", 37)
        self.service.wait_for(lambda: self.service.ask("status")["follow"] == 0.5, "more help")
        self.page.press("ArrowLeft", 37)
        self.service.wait_for(lambda: self.service.ask("status")["mode"] == "generate", "all help")
        self.page.wait_for_text("help-text", "It plays for me")
        for _ in range(4):
            self.page.press("ArrowRight", 39)
        self.service.wait_for(lambda: self.service.ask("status")["mode"] == "off", "no help")
        # Tab goes to the mode that is checked: the page has it from the status, a moment later.
        self.page.wait_for("document.querySelector('#mode :checked').value === 'off'", "the mode on the page")
        self.assertEqual(self.page.tab(), "fade")
        self.assertEqual(self.page.tab(), "off")
        self.page.press("ArrowUp", 38)
        self.service.wait_for(lambda: self.service.ask("status")["mode"] == "scale", "the mode")
        self.page.tab_to("Follow only minuet")
        self.page.press("Enter", 13, "\r")
        self.page.wait_for("document.querySelector('#piece-list button').getAttribute('aria-pressed') === 'true'", "the lock")
        # It still has the focus, though the list was drawn anew.
        self.assertEqual(self.page.evaluate("document.activeElement.getAttribute('aria-label')"), "Follow only minuet")
        self.page.tab_to("Remove minuet.mid")
        self.page.press("Enter", 13, "\r")
        self.page.wait_for("document.activeElement.textContent === 'Really?'", "the question")
        # A list that is drawn anew keeps the question, and the focus.
        self.page.evaluate("drawPieces().then(() => { window.redrawn = true; }), 0")
        self.page.wait_for("window.redrawn", "the list")
        self.assertEqual(self.page.evaluate("document.activeElement.textContent"), "Really?")
        self.assertTrue(os.path.exists(os.path.join(self.web.repertoire, "minuet.mid")))
        self.page.press("Enter", 13, "\r")
        self.page.wait_for("document.querySelector('#piece-list .none')", "the removal")
        self.assertEqual(os.listdir(self.web.repertoire), [])
        self.assertEqual(self.page.complaints(self.web.origin), [])

    def test_help_that_fades(self):
        self.open(PHONE)
        self.page.tab_to("fade")
        self.page.press("Enter", 13, "\r")
        self.page.wait_for("document.getElementById('fade').getAttribute('aria-pressed') === 'true'", "the switch")
        self.play()
        self.page.wait_for_text("bars-text", "minuet: 0 of 16 bars known")
        self.page.wait_for("document.querySelectorAll('#bars .help2').length >= 3", "less help")
        self.assertEqual(self.page.evaluate("document.querySelectorAll('#bars li').length"), 16)
        self.assertRegex(self.page.evaluate("document.querySelector('#bars .help2 span').ariaLabel"),
                         r"^Bar \d+: much help, 0 % wrong keys$")  # fmt: skip
        self.assertEqual(self.page.evaluate(TOO_WIDE), [])
        for text, colour, behind, _ in self.page.texts():
            self.assertGreaterEqual(contrast(colour, behind), 4.5, text)
        # A bar becomes known: it is said once, not to who comes later.
        self.page.evaluate("drawFade({...latest, fade: {...latest.fade, known: {piece: 'minuet', bar: 7, count: 1}}}), 0")
        self.page.wait_for_text("learned", "Bar 7 of minuet: right three times without help!")
        self.page.picture("fade-360.png")
        self.page.tab_to("forget")
        self.page.press("Enter", 13, "\r")
        self.page.wait_for_text("forget", "Really?")
        self.page.press("Enter", 13, "\r")
        self.page.wait_for("document.querySelectorAll('#bars .new').length === 16", "full help")
        self.assertEqual(self.page.complaints(self.web.origin), [])

    def test_devices(self):
        self.open(DESKTOP)
        self.page.evaluate("""clearInterval(looking), drawPorts({chosen: {input: 'Piano:midi', output: 'Lost:synth'},
          ports: [{client: 'Piano', port: 'midi', source: true, sink: true, feeds_input: true, hears_output: false},
                  {client: 'Pad', port: 'Pad', source: true, sink: false, feeds_input: false, hears_output: false}]}), 0""")
        pressed = self.page.evaluate("[...document.querySelectorAll('#devices li button')].map(b => "
                                     "[b.getAttribute('aria-label'), b.getAttribute('aria-pressed')])")  # fmt: skip
        self.assertEqual(pressed, [
            ["Use only Piano: midi as the keyboard", "true"], ["Use only Pad as the keyboard", "false"],
            ["Use only Piano: midi for the sound", "false"], ["No longer wait for Lost:synth for the sound", None],
        ])  # fmt: skip
        self.assertIn("is to be used, but was not found", self.page.text("sinks"))
        self.page.evaluate("document.querySelectorAll('#sources button')[1].click()")
        self.page.wait_for_text("device-answer", "there is no device to choose")  # it is the service's answer

    def test_adding_a_piece(self):
        self.open(PHONE)
        audiogenrl.piece("second.mid", seed=3)
        with open("junk.mid", "w", encoding="ascii") as file:
            file.write("no music at all")
        node = self.page.ask("DOM.getDocument")["root"]["nodeId"]
        add = self.page.ask("DOM.querySelector", nodeId=node, selector="#add")["nodeId"]
        self.page.ask("DOM.setFileInputFiles", nodeId=add,
                      files=[os.path.abspath("second.mid"), os.path.abspath("junk.mid")])  # fmt: skip
        self.page.wait_for_text("add-answer", "second.mid is added")
        self.page.wait_for_text("add-answer", "junk.mid: This is neither a MIDI file nor")
        self.page.wait_for("document.querySelectorAll('#piece-list button[aria-pressed]').length === 2", "the piece")
        self.page.picture("pieces-360.png")

    def test_listening(self):
        self.open(PHONE)
        self.page.tab_to(self.page.evaluate("document.querySelector('#recording-list button').getAttribute('aria-label')"))
        self.page.press("Enter", 13, "\r")
        self.page.wait_for_text("playing", "Playing")
        self.page.evaluate("document.querySelector('#playing button').click()")
        self.page.wait_for("document.getElementById('playing').textContent === ''", "the stop")
        notes = self.page.evaluate("""fetch('/api/recordings/2025-06-30_18-05-59.mid').then(a => a.arrayBuffer())
            .then(b => { window.notes = player.notesOf(player.read(new Uint8Array(b)), 'RIGHT'); }), 0""")
        self.page.wait_for("window.notes", "the notes")
        notes = self.page.evaluate("window.notes")
        import mido

        at, expected = 0, []
        for message in mido.MidiFile("minuet.mid").tracks[1]:
            at += message.time
            if message.type == "note_on" and message.velocity:
                expected.append((round(at / 480 * 60 / 96, 3), message.note, message.velocity))
        self.assertEqual([(round(n[0], 3), n[2], n[3]) for n in notes], expected)
        self.assertEqual(self.page.complaints(self.web.origin), [])

    def test_a_lost_service_and_a_lost_box(self):
        self.open(PHONE)
        self.service.send((1, on(60)))
        self.service.receive(1)
        self.page.wait_for("document.querySelector('#keys .right')", "the key")
        self.service.process.kill()
        self.page.wait_for_text("state", "not running")
        self.page.wait_for("!document.querySelector('#keys .right')", "no key")
        self.page.evaluate("document.getElementById('panic').click()")
        self.page.wait_for_text("answer", "not running")
        self.page.picture("lost-360.png")
        self.web.process.kill()
        self.page.wait_for_text("state", "cannot be reached")

    def test_a_slow_network(self):
        """400 ms to and fro, 50 KiB a second."""
        self.page.ask("Network.emulateNetworkConditions", offline=False, latency=400,
                      downloadThroughput=50 << 10, uploadThroughput=20 << 10)  # fmt: skip
        try:
            self.open(PHONE)
            self.play()
            self.page.wait_for_text("piece", "minuet")
            self.page.evaluate("document.getElementById('bypass').click()")
            self.service.wait_for(lambda: self.service.ask("status")["bypass"], "bypass")
            self.assertEqual(self.page.complaints(self.web.origin), [])
        finally:
            self.page.ask("Network.emulateNetworkConditions", offline=False, latency=0,
                          downloadThroughput=-1, uploadThroughput=-1)  # fmt: skip

    def test_the_door(self):
        self.page.load(self.web.origin + "/", *PHONE)
        self.assertEqual(self.page.evaluate("document.querySelectorAll('script').length"), 0)
        self.page.evaluate(f"document.getElementById('token').value = '{TOKEN}'; document.querySelector('form').submit()")
        self.page.wait_for("document.getElementById('state') && document.getElementById('state').textContent === 'Ready'", "the page")
        self.assertEqual(self.page.evaluate("location.search"), "")

    def test_another_page_can_do_nothing(self):
        """A page of another origin, in the same browser with the cookie."""
        self.open(DESKTOP)
        with open("evil.html", "w", encoding="ascii") as file:
            file.write(f"""<body><form id=f method=post action="{self.web.origin}/api/command" enctype="text/plain">
              <input name='{{"command":"mode","value":"off","x":"' value='"}}'></form><script>
              window.seen = [];
              const body = '{{"command":"mode","value":"off"}}';
              for (const options of [{{method: 'POST', body, credentials: 'include', mode: 'no-cors'}},
                                     {{method: 'POST', body, credentials: 'include'}},
                                     {{credentials: 'include'}}])
                fetch("{self.web.origin}/api/command", options).then(a => seen.push(a.status), () => seen.push('no'));
              const frame = document.createElement('iframe'); frame.src = "{self.web.origin}/"; document.body.append(frame);
              </script>""")
        self.page.open("evil.html", 800)
        self.page.wait_for("window.seen.length === 3", "three refusals")
        self.assertNotIn(200, self.page.evaluate("window.seen"))
        self.page.evaluate("document.getElementById('f').submit()")
        time.sleep(0.3)
        self.assertEqual(self.service.ask("status")["mode"], "correct")


if __name__ == "__main__":
    unittest.main()
