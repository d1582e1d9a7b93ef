"""A headless Chromium, asked over a pipe (the DevTools protocol)."""

import json
import os
import shutil
import subprocess
import tempfile

PROGRAM = shutil.which("chromium")

TEXTS = """[...document.querySelectorAll('body *')]
  .filter(e => !e.closest('svg, noscript, datalist') && e.checkVisibility() &&
               [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .map(e => {
    let behind = e;
    while (behind && getComputedStyle(behind).backgroundColor.endsWith(', 0)'))
      behind = behind.parentElement;
    const style = getComputedStyle(e);
    return [e.textContent.slice(0, 30), style.color,
            behind ? getComputedStyle(behind).backgroundColor : 'rgb(255, 255, 255)',
            parseFloat(style.fontSize)];
  })"""


class Navigated(Exception):
    """The page has gone to another one while it was asked."""


class Chromium:
    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="audiogenrl-chromium-")
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        # The browser reads requests from descriptor 3 and writes answers to 4.
        script = f'exec 20<&{theirs_in} 21>&{theirs_out}; exec 3<&20 4>&21 20<&- 21>&-; exec "$@"'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", PROGRAM, "--headless=new", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
             "--disable-extensions", "--no-first-run", "--remote-debugging-pipe",
             f"--user-data-dir={self.folder}"],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self.input = os.fdopen(ours_in, "rb")
        self.output = os.fdopen(ours_out, "wb")
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Accessibility"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        self.output.close()
        self.process.kill()
        self.process.wait()
        self.input.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def receive(self):
        while b"\0" not in self.rest:
            more = os.read(self.input.fileno(), 1 << 16)
            assert more, "Chromium has ended"
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.output.write(json.dumps(message).encode() + b"\0")
        self.output.flush()
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "navigated" in answer.get("error", {}).get("message", ""):
                    raise Navigated
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def load(self, url, width, height):
        """In a window of this size (CSS pixels)."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        # What the page before it asks for, an event stream again and again, ends with it.
        for address in ("about:blank", url):
            self.events = []
            self.ask("Page.navigate", url=address)
            while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
                self.events.append(self.receive())

    def open(self, path, width, height=800):
        """A file."""
        self.load(f"file://{os.path.abspath(path)}", width, height)

    def requests(self):
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def evaluate(self, code):
        answer = self.ask("Runtime.evaluate", expression=code, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def texts(self):
        """Every text that is seen: its beginning, its colour, that behind it, its size in pixels."""
        return self.evaluate(TEXTS)

    def reading(self):
        """What a screen reader goes through, in order: (role, name, properties, depth)."""
        nodes = self.ask("Accessibility.getFullAXTree")["nodes"]
        by_id = {node["nodeId"]: node for node in nodes}
        found = []

        def walk(node, depth):
            if not node.get("ignored"):
                found.append((
                    node["role"]["value"],
                    node.get("name", {}).get("value", ""),
                    {p["name"]: p["value"].get("value") for p in node.get("properties", [])},
                    depth,
                ))  # fmt: skip
                depth += 1
            for child in node.get("childIds", []):
                if child in by_id:
                    walk(by_id[child], depth)

        walk(nodes[0], 0)
        return found
