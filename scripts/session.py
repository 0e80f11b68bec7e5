#!/usr/bin/env python3
"""session.py draws docs/img/session.svg: a shell session that it carries out.

    make build && python3 scripts/session.py [FILE.svg]

It starts rtfs demo, mounts the demo's rTorrent once more as a user would, runs
the lines of SESSION in that mount, and draws what they printed. The lines
appear one by one; a viewer without CSS animations shows all at once.
"""

import html
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

SESSION = [
    "rtfs mount -d ~/rt; cd ~/rt; ls",
    "mkdir add/linux; cp ~/debian-13.iso.torrent add/linux/",
    "grep . by-name/*/{state,progress,tags}",
    "echo pause > by-name/rtfs-demo/state; ls by-state/paused",
    "mv by-state/paused/* by-state/downloading/; cat by-name/rtfs-demo/state",
    "ls 'where/size>1M,progress<50'",
    "ls -l by-name/rtfs-demo/files",
    "echo 9 > by-name/rtfs-demo/priority",
    "tail -n 1 log | cut -f 4-",
    "rm -rf by-name/rtfs-demo",
    "mv by-tag/linux/* erase/; ls by-name",
    "cd; rtfs umount ~/rt",
]

# What a user has before: a .torrent to add.
PREPARE = r"""
python3 - "$HOME/debian-13.iso.torrent" <<'END'
import hashlib, sys
data = b"\0" * 2_000_000
piece = 1 << 18
hashes = b"".join(hashlib.sha1(data[i:i + piece]).digest() for i in range(0, len(data), piece))
info = b"d6:lengthi%de4:name13:debian-13.iso12:piece lengthi%de6:pieces%d:%se" % (len(data), piece, len(hashes), hashes)
open(sys.argv[1], "wb").write(b"d8:announce27:http://127.0.0.1:9/announce4:info" + info + b"e")
END
"""

COLUMNS, FONT, LINE, PAD = 96, 14, 19, 16


def demo(binary, home):
    """Start a demo and return it with the environment for its user."""
    run = subprocess.Popen([binary, "demo"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           env={**os.environ, "TMPDIR": home})
    for line in run.stdout:
        found = re.search(r"demo mounted on (\S+);", line)
        if found:
            mnt = found.group(1)
            server = "scgi://" + mnt.removesuffix("/mnt") + "/leech/session/rpc.sock"
            path = os.path.dirname(os.path.abspath(binary)) + ":" + os.environ["PATH"]
            return run, {**os.environ, "HOME": home, "MNT": mnt, "RTFS_SERVER": server, "PATH": path, "LC_ALL": "C.UTF-8",
                         "XDG_STATE_HOME": home + "/.state", "XDG_CONFIG_HOME": home + "/.config"}
    raise SystemExit("session: the demo has not started")


def record(env):
    """Run the lines in one shell and return each with what it printed."""
    shell = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    shell.stdin.write(f"ls() {{ command ls -C -w {COLUMNS - 8} \"$@\"; }}\n")
    for line in SESSION:
        shell.stdin.write(line + "\necho '-- end --'\n")
        shell.stdin.flush()
        said = []
        for out in shell.stdout:
            if out == "-- end --\n":
                break
            said.append(re.sub(r"^bash: line \d+: ", "bash: ", out.rstrip("\n")).expandtabs(8))
        yield line, said
    shell.stdin.close()
    shell.wait()


def wrapped(text):
    return [text[i:i + COLUMNS] for i in range(0, len(text), COLUMNS)] or [""]


def draw(session):
    rows, when = [], 0.5
    for line, said in session:
        when += 1.2
        rows += [(when, "c", part) for part in wrapped("$ " + line)]
        when += 0.4
        rows += [(when, "o", part) for text in said for part in wrapped(text)]
    width, height = int(COLUMNS * FONT * 0.6) + 2 * PAD, len(rows) * LINE + 2 * PAD
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-label="a shell session in a mount">',
        f"<style>text{{font:{FONT}px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre;fill:#d8dee9;animation:show 0s both}}"
        ".c{fill:#a3d977}@keyframes show{from{visibility:hidden}to{visibility:visible}}</style>",
        '<rect width="100%" height="100%" rx="8" fill="#1f2430"/>',
    ]
    for i, (at, kind, text) in enumerate(rows):
        y = PAD + i * LINE + FONT
        out.append(f'<text class="{kind}" x="{PAD}" y="{y}" xml:space="preserve" style="animation-delay:{at:.1f}s">{html.escape(text)}</text>')
    return "\n".join(out + ["</svg>", ""])


def main():
    binary = shutil.which("./rtfs") or sys.exit("session: ./rtfs is missing: run make build")
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "docs/img/session.svg")
    home = tempfile.mkdtemp(prefix="s-")
    run, env = demo(binary, home)
    try:
        os.mkdir(home + "/rt")
        subprocess.run(["bash", "-ec", PREPARE], env=env, check=True)
        session = list(record(env))
    finally:
        run.send_signal(signal.SIGINT)
        run.wait()
        shutil.rmtree(home, ignore_errors=True)
    target.write_text(draw([(line, [s.replace(home, "/home/me") for s in said]) for line, said in session]))


main()
