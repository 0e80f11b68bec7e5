"""Types a text into nano as a person would: nano.py FILE TEXT. It waits for
what nano shows before it types on. Exit status 1 if nano could not write."""
import os
import pty
import select
import sys
import time


def main(path, text):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execvp("nano", ["nano", "-I", path])
    screen = b""

    def await_any(words):
        nonlocal screen
        end = time.monotonic() + 10
        while time.monotonic() < end:
            for word in words:
                if word in screen:
                    screen = b""
                    return word
            if select.select([fd], [], [], 0.1)[0]:
                try:
                    screen += os.read(fd, 65536)
                except OSError:
                    break
        os.kill(pid, 9)
        sys.exit("nano did not show any of %r" % (words,))

    await_any([b"^X"])
    os.write(fd, b"\x0b" + text.encode() + b"\x0f")
    await_any([b"File Name to Write"])
    os.write(fd, b"\r")
    shown = await_any([b"Wrote ", b"Error writing", b"rror"])
    os.write(fd, b"\x18")
    if shown != b"Wrote ":
        os.write(fd, b"n")
    while True:
        try:
            if not os.read(fd, 65536):
                break
        except OSError:
            break
    os.waitpid(pid, 0)
    sys.exit(shown != b"Wrote ")


main(*sys.argv[1:])
