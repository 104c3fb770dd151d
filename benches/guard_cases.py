"""Makes labelled cases for guards from public packages that everyone can have again.

    apt-get download debian-handbook && dpkg-deb -x debian-handbook_*.deb unpacked
    pip download --no-deps --no-binary jsonschema jsonschema==4.23.0 && tar xzf jsonschema-*.tar.gz
    python3 guard_cases.py unpacked jsonschema-4.23.0 ORDINARY.jsonl cases/

Each line has `text`, `label` (1: the guard must refuse it), `source`, and in `args` what the guard is given
besides. ORDINARY.jsonl has ordinary prompts, `{"text", "label": 0}`, which no guard should refuse. What has no
public set is measured on `guards/*.jsonl`, which are our own.
"""

import html
import json
import pathlib
import random
import re
import sys

LANGUAGES = {
    "ar-MA": "ar", "ca-ES": "ca", "cs-CZ": "cs", "da-DK": "da", "de-DE": "de", "el-GR": "el", "en-US": "en",
    "es-ES": "es", "fa-IR": "fa", "fr-FR": "fr", "hr-HR": "hr", "id-ID": "id", "it-IT": "it", "ja-JP": "ja",
    "ko-KR": "ko", "nb-NO": "nb", "nl-NL": "nl", "pl-PL": "pl", "pt-BR": "pt", "ro-RO": "ro", "ru-RU": "ru",
    "sv-SE": "sv", "tr-TR": "tr", "vi-VN": "vi", "zh-CN": "zh",
}
# What a translation of the handbook has not translated is left in English, now and then within a paragraph.
ENGLISH = {"the", "and", "with", "this", "that", "are", "which", "you", "to", "have", "will", "from", "would"}
LETTERS = {"ar", "el", "fa", "ja", "ko", "ru", "zh"}
FOREIGN = re.compile(r"[<>{}=/\\_$#]")


def main(unpacked, suite, ordinary, out):
    chance = random.Random(5)
    out = pathlib.Path(out)
    out.mkdir(exist_ok=True)
    paragraphs = handbook(pathlib.Path(unpacked))
    plain = [json.loads(line) for line in open(ordinary, encoding="utf-8")]
    plain = [row["text"] for row in plain if row["label"] == 0]
    write(out / "language.jsonl", languages(paragraphs, chance))
    write(out / "json_schema.jsonl", schemas(pathlib.Path(suite)))
    write(out / "copyright.jsonl", copies(paragraphs["en-US"], chance))
    write(out / "ordinary.jsonl", ordinary_of(plain))


def handbook(unpacked):
    found = {}
    for folder in sorted((unpacked / "usr/share/doc/debian-handbook/html").iterdir()):
        texts = []
        for path in sorted(folder.glob("*.html")):
            body = path.read_text(encoding="utf-8", errors="ignore").split("<body", 1)[-1]
            for block in re.findall(r"<div class=\"para\">(.*?)</div>", body, re.S):
                text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", block)).split())
                if len(text) >= 40 and not FOREIGN.search(text):
                    texts.append(text)
        found[folder.name] = list(dict.fromkeys(texts))
    return found


def is_translated(text, code):
    words = text.lower().split()
    if code in LETTERS:
        return sum(c.isascii() and c.isalpha() for c in text) < 0.2 * len(text)
    return sum(word in ENGLISH for word in words) < 0.04 * len(words)


def languages(paragraphs, chance):
    english = set(paragraphs["en-US"])
    for folder, code in LANGUAGES.items():
        texts = [
            t
            for t in paragraphs.get(folder, [])
            if code == "en" or t not in english and is_translated(t, code)
        ]
        chance.shuffle(texts)
        for kind, least, most in (("long", 160, 1200), ("short", 40, 90)):
            some = [t for t in texts if least <= len(t) <= most][:40]
            for text in some:
                other = chance.choice([c for c in LANGUAGES.values() if c != code])
                yield {"text": text, "label": 0, "source": f"right, {kind}", "args": [code]}
                yield {"text": text, "label": 1, "source": f"wrong, {kind}", "args": [other]}


def schemas(suite):
    for draft in ("draft4", "draft6", "draft7", "draft2019-09", "draft2020-12"):
        uri = {
            "draft4": "http://json-schema.org/draft-04/schema#",
            "draft6": "http://json-schema.org/draft-06/schema#",
            "draft7": "http://json-schema.org/draft-07/schema#",
            "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
            "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
        }[draft]
        for path in sorted((suite / "json/tests" / draft).glob("*.json")):
            for group in json.loads(path.read_text(encoding="utf-8")):
                schema = group["schema"]
                # Nothing is fetched, and what is not JSON's business stays with others.
                if "localhost" in json.dumps(group) or path.stem in ("vocabulary", "format"):
                    continue
                if isinstance(schema, dict):
                    schema = {"$schema": uri, **schema}
                for test in group["tests"]:
                    yield {
                        "text": json.dumps(test["data"]),
                        "label": 0 if test["valid"] else 1,
                        "source": draft,
                        "args": [json.dumps(schema)],
                    }


# Stretches of a paragraph, with other case, punctuation and line breaks, in a text of another one.
def copies(paragraphs, chance):
    long = [p for p in paragraphs if len(p.split()) >= 60]
    for number in range(400):
        source, around = chance.sample(long, 2)
        words = source.split()
        length = chance.choice((22, 30, 40)) if number % 2 else chance.choice((8, 12, 15))
        start = chance.randrange(len(words) - length)
        piece = words[start : start + length]
        change = number // 2 % 4
        if change == 1:
            piece = [w.upper() for w in piece]
        elif change == 2:
            piece = [re.sub(r"[^\w'’-]", "", w) or w for w in piece]
        elif change == 3:
            piece = [w + ("\n" if i % 7 == 6 else "") for i, w in enumerate(piece)]
        middle = len(around) // 2
        text = f"{around[:middle]} Then: {' '.join(piece)}. And {around[middle:]}"
        row = {"text": text, "label": number % 2, "source": f"{length} words", "args": [[source]]}
        yield row


def ordinary_of(plain):
    for text in plain:
        yield {"text": text, "label": 0, "source": "ordinary prompts"}


def write(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
