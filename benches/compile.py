#!/usr/bin/env python3
"""Times `flowc check` beside `baml-cli check` on equal generated projects.

Usage: benches/compile.py [sizes…]     (default: 10 100 1000 5000)

A project of n has n prompts, each with a record type of its own that names the type before it.
`baml-cli` comes from npm (@boundaryml/baml) into benches/.peers. Each figure is the median of
ROUNDS runs of the whole command, start-up included; the two take turns in one run.
"""
import json, os, pathlib, resource, statistics, subprocess, sys, time

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE / ".peers"
FLOWC = HERE.parent / "target" / "release" / "flowc"
BAML_VERSION = "0.226.2"
ROUNDS = 7

BAML_HEAD = """client<llm> C {
  provider openai
  options {
    model "gpt-4o"
    api_key env.OPENAI_API_KEY
  }
}
"""
BAML_ONE = """class R%(i)d {
  name string
  score float
  tags string[]
}
function F%(i)d(x: string, prev: R%(p)d?) -> R%(i)d {
  client C
  prompt #"
    Extract from {{ x }} and {{ prev }}.
    {{ ctx.output_format }}
  "#
}
"""
FLOW_HEAD = 'model c = "openai/gpt-4o"\n\n'
FLOW_ONE = """type R%(i)d {
  name: text <= 20 tokens
  score: float
  tags: [text <= 8 tokens] <= 5
}

prompt f%(i)d(x: text, prev: R%(p)d?) -> R%(i)d {
  user: \"\"\"
    Extract from {{ x }} and {{ prev }}.
    \"\"\"
}

"""


def projects(n):
    root = PEERS / f"p{n}"
    baml = root / "baml_src"
    baml.mkdir(parents=True, exist_ok=True)
    parts = [{"i": i, "p": max(0, i - 1)} for i in range(n)]
    (baml / "main.baml").write_text(BAML_HEAD + "".join(BAML_ONE % p for p in parts))
    flow = root / "main.flow"
    flow.write_text(FLOW_HEAD + "".join(FLOW_ONE % p for p in parts))
    return flow, baml


def baml_cli():
    cli = PEERS / "node_modules" / ".bin" / "baml-cli"
    if not cli.exists():
        PEERS.mkdir(exist_ok=True)
        subprocess.run(
            ["npm", "install", "--silent", "--prefix", PEERS, f"@boundaryml/baml@{BAML_VERSION}"], check=True
        )
    return cli


def timed(command):
    """Seconds and peak megabytes of one run."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "OPENAI_API_KEY": "sk-none"})
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{command} failed:\n{output.decode()}")
    return seconds, usage.ru_maxrss / 1024


def main():
    sizes = [int(a) for a in sys.argv[1:]] or [10, 100, 1000, 5000]
    if not FLOWC.exists():
        sys.exit("build first: cargo build --release -p flowc")
    cli = baml_cli()
    print(f"{'prompts':>8} {'flowc ms':>9} {'baml ms':>9} {'ratio':>7} {'flowc MB':>9} {'baml MB':>8}")
    for n in sizes:
        flow, baml = projects(n)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(timed([FLOWC, "check", flow]))
            theirs.append(timed([cli, "check", "--from", baml]))
        a, b = (statistics.median(t for t, _ in runs) for runs in (ours, theirs))
        ma, mb = (max(m for _, m in runs) for runs in (ours, theirs))
        print(f"{n:>8} {a * 1e3:>9.1f} {b * 1e3:>9.1f} {b / a:>6.1f}x {ma:>9.1f} {mb:>8.1f}")


if __name__ == "__main__":
    main()
