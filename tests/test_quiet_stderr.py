import subprocess
import sys

PROGRAM = """
import os, sys, threading, time
from fer_batch.quiet_stderr import quiet_stderr

inside = threading.Event()

def load():
    with quiet_stderr():
        os.write(2, b"INFO: not for people\\nI0000 00:00:1.2 3 loader.cc:4] nor this\\n")
        inside.set()
        time.sleep(0.3)

for _ in range(2):
    threading.Thread(target=load, daemon=True).start()
inside.wait()
print("one clear line", file=sys.stderr, flush=True)
"""


def test_what_is_said_while_a_model_loads_is_not_lost_with_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "one clear line\n")
