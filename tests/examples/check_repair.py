"""examples/repair.c: what it prints of a piece, against the piece. Usage: check_repair.py PROGRAM PIECE"""

import re
import subprocess
import sys

program, piece = sys.argv[1:]
lines = subprocess.run([program, piece], check=True, capture_output=True, text=True).stdout.splitlines()
notes = [tuple(map(int, re.fullmatch(r"(\d+) -> (\d+)", line).groups())) for line in lines]
wrong = [sent - struck for struck, sent in notes[4::5]]
right = [sent - struck for i, (struck, sent) in enumerate(notes) if i % 5 != 4]
assert len(notes) == 100, len(notes)
assert wrong.count(-1) >= 18, f"repaired {wrong.count(-1)} of 20 wrong notes: {wrong}"
assert right.count(0) >= 78, f"kept {right.count(0)} of 80 right notes: {right}"
unreadable = subprocess.run([program, program], capture_output=True, text=True, check=False)
assert unreadable.returncode == 1 and program in unreadable.stderr, unreadable
