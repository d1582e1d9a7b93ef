#!/usr/bin/python3
"""Draws docs/pictures/keep.svg: wrong notes repaired against right notes kept, over `follow`
and `keep`. Usage: scripts/draw_keep.py BUILD; wants python3-matplotlib, which nothing else does.
"""

import json
import pathlib
import subprocess
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

FOLLOW = ["0.25", "0.5", "0.7", "1", "1.2", "1.5", "2", "3"]
KEEP = ["0", "0.25", "0.5", "1", "1.5", "2", "3"]
root = pathlib.Path(__file__).resolve().parent.parent
build = pathlib.Path(sys.argv[1]).resolve()


def measure(*arguments):
    """Repaired and kept, per cent, over the example pieces."""
    command = [build / "tool/audiogenrl", "evaluate", "-q", "--json", "--live", "--grid", "file", "--modes",
               "correct", *arguments, *sorted((build / "examples").glob("*.mid"))]
    total = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["total"][0]
    return total["kept"], total["repaired"]


def draw(axes, knob, values, named, label, style, *arguments):
    """A curve over the knob's values, of which `named` are written beside it."""
    points = [measure(f"--{knob}", value, *arguments) for value in values]
    axes.plot(*zip(*points), style, label=label, markersize=5)
    for value, point in zip(values, points):
        if value in named:
            axes.annotate(value, point, textcoords="offset points", xytext=(-3, -11), ha="right", fontsize=8)


plt.rcParams.update({"svg.hashsalt": "audiogenrl", "svg.fonttype": "none", "font.size": 10})
figure, (known, other) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
own = ["--own-models", "--repeat", "5"]
draw(known, "follow", FOLLOW, ["1.2", "1.5", "2"], "follow, slip:p=0.2", "o-", *own, "--errors", "slip:p=0.2")
draw(known, "follow", FOLLOW, ["0.25", "0.5", "0.7", "1", "3"], "follow, any:p=0.5", "s--", *own, "--errors", "any:p=0.5,range=12")
known.set_title("A known piece")
model = ["-m", str(root / "models/default.model"), "--alone", "--repeat", "3"]
draw(other, "follow", FOLLOW, ["0.5", "0.7", "3"], "follow, shift:p=0.1", "o-", *model, "--errors", "shift:p=0.1")
draw(other, "keep", KEEP, ["1", "2"], "keep, shift:p=0.1", "s--", *model, "--errors", "shift:p=0.1")
draw(other, "keep", KEEP, ["0", "0.5"], "keep, shift:p=0.3", "^:", *model, "--errors", "shift:p=0.3")
other.set_title("Other music (the style model)")
for axes in known, other:
    axes.set_xlabel("right notes kept, %")
    axes.set_ylabel("wrong notes repaired, %")
    axes.grid(alpha=0.3)
    axes.legend()
figure.savefig(root / "docs/pictures/keep.svg", metadata={"Date": None})
