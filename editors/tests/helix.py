"""Real Helix in a terminal of its own, set up with what `docs/editors.md` says to paste, against
`flowc check`.

    helix.py HX FLOWC FOLDER      FOLDER is made anew and holds the user's home

Opens programs, goes from diagnostic to diagnostic, and holds the place in the status line and the
message and code on the screen to what the command line says.
"""

import pathlib
import re
import shutil
import sys
import time

import pexpect
import pyte

from programs import REPOSITORY, checked, home, pasted, run_pasted

PROGRAMS = [
    "tests/corpus/check/names/two_unknown_names_are_two_messages.flow",
    "tests/corpus/check/labels/models.flow",
    "tests/corpus/check/templates/unknown_field.flow",
    "tests/corpus/check/warnings/unused_prompt_and_model.flow",
    "tests/corpus/syntax/broken/three_mistakes.flow",
    "examples/support/main.flow",
]
WIDTH, HEIGHT = 240, 40
# Messages stand at the right edge, where no program's text reaches.
MESSAGES = 140


class Screen(pyte.Screen):
    """A screen that is asked of its state and keeps silent, as some terminals do."""

    def report_device_status(self, *_, **__):
        pass


class Helix:
    """Helix with a file open."""

    def __init__(self, hx, file, environment):
        self.screen = Screen(WIDTH, HEIGHT)
        self.stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(
            hx, [str(file)], cwd=str(REPOSITORY), dimensions=(HEIGHT, WIDTH),
            env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )

    def read(self, seconds):
        """Takes what is drawn until nothing new has come for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                drawn = self.child.read_nonblocking(65536, timeout=seconds / 4)
                self.stream.feed(drawn)
                # It asks what kind of terminal this is, and waits for two seconds where none answers.
                if b"\x1b[c" in drawn:
                    self.child.send("\x1b[?62;c")
                until = time.monotonic() + seconds
            except pexpect.TIMEOUT:
                pass
            except pexpect.EOF:
                return

    def wait(self, what, seconds=20):
        """Waits until this is true of the screen; whether it has come true."""
        until = time.monotonic() + seconds
        while not what(self):
            if time.monotonic() > until:
                return False
            self.read(0.05)
        return True

    def press(self, keys):
        self.child.send(keys)
        self.read(0.15)

    def status(self):
        """The line at the bottom that names the file."""
        return next((line for line in reversed(self.screen.display) if ".flow" in line), "")

    def place(self):
        """Where the cursor is, as line and column."""
        found = re.search(r"(\d+):(\d+)\s*$", self.status())
        return (int(found.group(1)), int(found.group(2))) if found else None

    def messages(self):
        """What stands at the right edge above the status line, as one line."""
        text = " ".join(line[MESSAGES:].strip() for line in self.screen.display[: HEIGHT - 2])
        return " ".join(text.split())

    def colours(self):
        """The colours of the first declaration's keyword and name."""
        for number, line in enumerate(self.screen.display):
            found = re.match(r"[ ●]*\d+ +(\w+) +(\w+)", line)
            if found:
                return [self.screen.buffer[number][found.start(group)].fg for group in (1, 2)]
        return [None, None]

    def picture(self):
        return "\n".join(line.rstrip() for line in self.screen.display if line.strip())

    def quit(self):
        self.child.send("\x1b:q!\r")
        self.read(0.1)
        self.child.close(force=True)


def look(hx, name, environment):
    """What is wrong with what Helix shows of a program, and how many diagnostics it has."""
    path = REPOSITORY / name
    expected = checked(path, environment)
    wrong = []
    helix = Helix(hx, path, environment)
    try:
        if not helix.wait(lambda h: h.place()):
            return [f"{name}: Helix shows nothing:\n{helix.picture()}"], 0
        count = {"error": 0, "warning": 0}
        for found in expected:
            count[found["severity"]] += 1
        numbers = [n for n in (count["warning"], count["error"]) if n > 0]
        # Where nothing is wrong there is nothing to wait for but time.
        if not expected:
            helix.read(1.5)
        # The status line counts warnings and errors, each behind a dot.
        right = lambda h: [int(n) for n in re.findall(r"● (\d+)", h.status())] in (numbers, numbers[::-1])
        if not helix.wait(right):
            wrong.append(f"{name}: flowc check counts {count}, Helix shows:\n{helix.picture()}")
        if not helix.wait(lambda h: h.colours()[0] != h.colours()[1], 5):
            wrong.append(f"{name}: a keyword has the colour of a name:\n{helix.picture()}")
        # From the end of the file backwards: there the cursor is put on a diagnostic's beginning.
        helix.press("ge")
        helix.press("gl")
        places = {}
        for _ in expected:
            before = helix.place()
            helix.press("[d")
            if helix.place() == before:
                break
            places[helix.place()] = helix.messages()
        for found in expected:
            place = (found["line"], found["column"])
            message = " ".join(found["message"].split())
            shown = places.get(place)
            if shown is None:
                wrong.append(f"{name}: no diagnostic at {place}: {message}; there are some at {sorted(places)}")
            elif message not in shown or f"({found['code']})" not in shown:
                wrong.append(f"{name}: at {place} Helix shows `{shown}`, flowc check says {found['code']} {message}")
        extra = set(places) - {(found["line"], found["column"]) for found in expected}
        if extra:
            wrong.append(f"{name}: Helix shows more, at {sorted(extra)}")
    finally:
        helix.quit()
    return wrong, len(expected)


def main(hx, flowc, folder):
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    environment = home(folder, pathlib.Path(flowc).resolve())
    config = folder / ".config/helix/languages.toml"
    config.parent.mkdir(parents=True)
    config.write_text(pasted("Helix", "toml", same_as="editors/helix/languages.toml"))
    # Messages at the right edge, as in Helix 25.01, and not between the lines, as in later ones.
    (config.parent / "config.toml").write_text(
        'editor.end-of-line-diagnostics = "disable"\n'
        'editor.inline-diagnostics.cursor-line = "disable"\n'
    )
    run_pasted("Helix", environment)
    wrong, count = [], 0
    for name in PROGRAMS:
        found, number = look(hx, name, environment)
        wrong += found
        count += number
    if count < 10:
        wrong.append(f"only {count} diagnostics were looked at")
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    print(f"helix: {len(PROGRAMS)} programs, {count} diagnostics, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
