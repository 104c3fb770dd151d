"""Gathers ordinary texts that everyone can have again: what crates and Debian packages say of themselves.

    cargo fetch
    apt-get download debian-handbook fortunes fortunes-min fortunes-{br,de,es,it,pl,ru,zh,cs}
    for f in *.deb; do dpkg-deb -x $f unpacked; done
    python3 ordinary.py ~/.cargo/registry/src unpacked learn.jsonl ask.jsonl

Half of the crates, chapters and collections go to `learn.jsonl`, which `train` takes, and the other
half to `ask.jsonl`, which only `measure` sees. Equal packages give equal files.
"""

import hashlib
import html
import json
import pathlib
import random
import re
import sys

MOST = {"paragraph": 1600, "document": 160}


def main(crates, unpacked, learn, ask):
    halves = {"learn": [], "ask": []}
    for source, group, text in [*readmes(crates), *handbook(unpacked), *fortunes(unpacked)]:
        half = "ask" if hashlib.sha256(group.encode()).digest()[0] % 2 else "learn"
        halves[half].append({"text": text, "label": 0, "source": source, "group": group})
    for path, rows in (learn, halves["learn"]), (ask, halves["ask"]):
        kinds = {}
        for row in rows:
            kinds.setdefault(row["source"], []).append(row)
        with open(path, "w", encoding="utf-8") as out:
            for source, rows in sorted(kinds.items()):
                rows.sort(key=lambda row: (row["group"], row["text"]))
                random.Random(5).shuffle(rows)
                for row in rows[: MOST[source.split()[-1]]]:
                    out.write(json.dumps(row, ensure_ascii=False) + "\n")


def readmes(root):
    for path in sorted(pathlib.Path(root).glob("*/*/*.md")):
        text = path.read_text(encoding="utf-8", errors="ignore")
        group = re.sub(r"-\d.*", "", path.parent.name)
        yield from pieces("crate", group, text)


def handbook(root):
    for path in sorted(pathlib.Path(root).glob("usr/share/doc/debian-handbook/html/*/*.html")):
        body = path.read_text(encoding="utf-8", errors="ignore").split("<body", 1)[-1]
        blocks = re.split(r"</(?:p|h\d|pre|li)>", body)
        text = "\n\n".join(" ".join(html.unescape(re.sub(r"<[^>]+>", "", b)).split()) for b in blocks)
        # The same chapter in every language belongs together.
        yield from pieces("handbook", path.name, text)


def fortunes(root):
    for path in sorted(pathlib.Path(root).glob("usr/share/games/fortunes/**/*")):
        if path.is_file() and not path.is_symlink() and path.suffix == "":
            for number, text in enumerate(path.read_text(encoding="utf-8", errors="ignore").split("\n%\n")):
                if 20 < len(text) < 1500:
                    yield "fortune paragraph", f"{path.name} {number // 20}", text.strip()


def pieces(source, group, text):
    if len(text) > 1500:
        yield f"{source} document", group, text[:12000]
    for paragraph in text.split("\n\n"):
        if 60 < len(paragraph) < 1500:
            yield f"{source} paragraph", group, paragraph


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
