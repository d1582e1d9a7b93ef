"""The library rl/ as another program finds it: installed, compiled against by pkg-config, run.
Usage: check_installed.py BUILD cartpole.c COMPILER"""

import os
import subprocess
import sys
import tempfile

build, source, compiler = sys.argv[1:]


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


with tempfile.TemporaryDirectory() as folder:
    run("cmake", "--install", build, "--prefix", f"{folder}/usr", "--component", "development")
    found = [path for path, _, files in os.walk(f"{folder}/usr") if "audiogenrl-rl.pc" in files]
    assert len(found) == 1, found
    flags = run("pkg-config", "--cflags", "--libs", "audiogenrl-rl", env={**os.environ, "PKG_CONFIG_PATH": found[0]})
    # In a folder where no header of the source tree can be found instead.
    run(compiler, source, "-o", "cartpole", *flags.split(), cwd=folder)
    done = subprocess.run([f"{folder}/cartpole", "256"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("mean return ") and "after 256 steps" in done.stdout, done
