#!/usr/bin/env python3
"""Times a language server as an editor meets it: from a keystroke to its diagnostics.

Usage: benches/editor.py [--peer] [--files n] [sizes…]     (default: 10 100 1000, then 1000 in 50 files)

A program of n has n prompts, each with a record type of its own that names the type before it, and
flows that call them, ten each; their bounds are worked out at every keystroke. A keystroke is one change of one
character, at a place that moves over the file, which makes or mends a mistake in a template. With
--files, the prompts and their flows lie in so many files, and the first has a flow that calls one flow of each
other; it and one other are open, and keystrokes fall into both in turn.

With --peer, `baml-cli lsp` and the language server of Prisma (npm) and `ruff server` (PyPI), installed into
benches/.peers, are measured in the same run: BAML on an equal project, Prisma on as many models of the same
fields, ruff on as many functions. Of those two a keystroke makes and mends a mistake of syntax.

Figures are milliseconds, median / 95th percentile, and the most memory in megabytes.
"""
import json, os, pathlib, queue, statistics, subprocess, sys, tempfile, threading, time

import compile as projects  # benches/compile.py: the generated projects, and where baml-cli is

HERE = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
EDITS = 100
TOGETHER = 10  # prompts a flow calls, one after the other


class Server:
    """A server that is spoken with over its standard streams."""

    def __init__(self, command, folder):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.answers, self.diagnostics, self.number = {}, queue.Queue(), 0
        self.changed = threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        out = self.process.stdout
        while header := out.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = out.readline()
            body = out.read(length)
            now = time.perf_counter()
            message = json.loads(body)
            if message.get("method") == "textDocument/publishDiagnostics":
                self.diagnostics.put((now, message["params"]))
            elif "method" in message and "id" in message:
                answer = [None] * len((message.get("params") or {}).get("items", []))
                is_list = message["method"] == "workspace/configuration"
                self.post({"id": message["id"], "result": answer if is_list else None})
            elif "id" in message:
                with self.changed:
                    self.answers[message["id"]] = (now, message)
                    self.changed.notify_all()

    def post(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def notify(self, method, params):
        self.post({"method": method, "params": params})

    def request(self, method, params):
        """The answer, and the seconds it took."""
        self.number += 1
        number, sent = self.number, time.perf_counter()
        self.post({"id": number, "method": method, "params": params})
        with self.changed:
            if not self.changed.wait_for(lambda: number in self.answers, 60):
                raise TimeoutError(method)
            now, answer = self.answers.pop(number)
        return answer.get("result"), now - sent

    def published(self, uri, fits):
        """When diagnostics of a document came that fit."""
        while True:
            now, params = self.diagnostics.get(timeout=60)
            if params["uri"] == uri and fits(params):
                return now

    def peak(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmHWM"):
                return int(line.split()[1]) // 1024

    def stop(self):
        self.process.kill()
        self.process.wait()


def flow(start, end):
    """A flow that calls these prompts, each with what the one before has found."""
    steps = [f"  s{i} = f{i}(x, {'null' if i == start else f's{i - 1}'})\n" for i in range(start, end)]
    return f"flow g{start}(x: text <= 300 tokens) -> R{end - 1} {{\n  budget: $10\n\n{''.join(steps)}  return s{end - 1}\n}}\n\n"


def part(start, end):
    """Declarations of these prompts, and flows that call them."""
    parts = [{"i": i, "p": max(start, i - 1)} for i in range(start, end)]
    flows = [flow(i, min(i + TOGETHER, end)) for i in range(start, end, TOGETHER)]
    return "".join(projects.FLOW_ONE % p for p in parts) + "".join(flows)


def one_file(folder, size):
    """A program in one file."""
    path = folder / "main.flow"
    path.write_text(projects.FLOW_HEAD + part(0, size))
    return [path]


def many_files(folder, size, files):
    """The same in many files; gives those that are opened."""
    each = size // files
    for n in range(1, files):
        (folder / f"p{n}.flow").write_text(f'import c from "models.flow"\n\n' + part(n * each, (n + 1) * each))
    (folder / "models.flow").write_text(projects.FLOW_HEAD)
    imports = "".join(f'import g{n * each} from "p{n}.flow"\n' for n in range(1, files))
    steps = "".join(f"  a{n} = g{n * each}(x)\n" for n in range(1, files))
    holes = " ".join(f"{{{{ a{n}.name }}}}" for n in range(1, files))
    whole = f'flow all(x: text <= 300 tokens) -> text {{\n  budget: $1000\n\n{steps}  return "{holes}"\n}}\n'
    head = 'import c from "models.flow"\n'
    (folder / "main.flow").write_text(head + imports + "\n" + part(0, each) + whole)
    return [folder / "main.flow", folder / f"p{files // 2}.flow"]


def measure(command, paths, language, good, bad):
    """One server with these files open: `good` stands in them once for each prompt, and `bad` in its place is a mistake."""
    root = paths[0].parent.as_uri()
    server = Server(command, paths[0].parent)
    capabilities = {"textDocument": {"publishDiagnostics": {"versionSupport": True}, "completion": {}}}
    server.request(
        "initialize",
        {
            "processId": None,
            "rootUri": root,
            "workspaceFolders": [{"uri": root, "name": "bench"}],
            "capabilities": capabilities,
        },
    )
    server.notify("initialized", {})
    places, versions = [], {}
    for path in paths:
        uri, text = path.as_uri(), path.read_text()
        versions[uri] = 1
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        server.notify("textDocument/didOpen", {"textDocument": document})
        if path == paths[0]:
            first = server.published(uri, lambda p: True) - server.started
        places.append([(uri, n, line.find(good)) for n, line in enumerate(text.split("\n")) if good in line])
    for path in paths[1:]:
        server.published(path.as_uri(), lambda p: True)
    # The files take turns.
    at = lambda i: places[i % len(places)][(i // len(places) * 7919) % len(places[i % len(places)])]

    def change(place, length, new):
        uri, line, column = place
        versions[uri] += 1
        edit = {
            "range": {
                "start": {"line": line, "character": column},
                "end": {"line": line, "character": column + length},
            },
            "text": new,
        }
        server.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": versions[uri]}, "contentChanges": [edit]},
        )

    def wait(place, wrong):
        # A server that sends no version has taken the change in when its verdict is the new one.
        uri = place[0]
        # What is an error to one is a warning to another: the programs have neither.
        errors = lambda p: any(d.get("severity", 1) <= 2 for d in p["diagnostics"])
        is_new = lambda p: p.get("version", versions[uri]) == versions[uri]
        return server.published(uri, lambda p: is_new(p) and errors(p) == wrong)

    times, completions = [], []
    for i in range(EDITS):
        place = at(i)
        for old, new, wrong in ((good, bad, True), (bad, good, False)):
            sent = time.perf_counter()
            change(place, len(old), new)
            times.append(wait(place, wrong) - sent)
        if i % 5 == 0:
            uri, line, column = place
            position = {"line": line, "character": column + 3}
            params = {"textDocument": {"uri": uri}, "position": position}
            completions.append(server.request("textDocument/completion", params)[1])
    bursts = []
    for i in range(5):
        place = at(i * 101)
        # Keys that change nothing, so that only the last one brings the new verdict.
        for _ in range(20):
            change(place, len(good), good)
        change(place, len(good), bad)
        sent = time.perf_counter()
        bursts.append(wait(place, True) - sent)
        change(place, len(bad), good)
        wait(place, False)
    peak = server.peak()
    server.stop()
    return first, times, bursts, completions, peak


def shown(name, size, figures):
    first, times, bursts, completions, peak = figures
    ms = lambda seconds: f"{seconds * 1000:7.1f}"
    p95 = lambda list_: sorted(list_)[max(0, int(len(list_) * 0.95) - 1)]
    print(
        f"{name:10} {size:>8}  first {ms(first)}  key {ms(statistics.median(times))} /{ms(p95(times))}"
        f"  burst {ms(statistics.median(bursts))}  completion {ms(statistics.median(completions))} /{ms(p95(completions))}"
        f"  {peak} MB",
        flush=True,
    )


def npm(package, version, command):
    """A command of a package of npm, installed into benches/.peers."""
    path = projects.PEERS / "node_modules" / ".bin" / command
    if not path.exists():
        projects.PEERS.mkdir(exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", projects.PEERS, f"{package}@{version}"], check=True)
    return path


def ruff():
    """The command of ruff, installed into benches/.peers."""
    path = projects.PEERS / "python" / "bin" / "ruff"
    if not path.exists():
        subprocess.run([sys.executable, "-m", "venv", projects.PEERS / "python"], check=True)
        subprocess.run([path.parent / "pip", "install", "--quiet", f"ruff=={RUFF_VERSION}"], check=True)
    return path


PRISMA_VERSION = "31.12.10"
RUFF_VERSION = "0.17.6"
PRISMA_HEAD = """datasource db {
  provider = "postgresql"
}

"""
PRISMA_ONE = """model R%(i)d {
  id    Int      @id
  name  String
  score Float
  tags  String[]
}

"""
RUFF_ONE = """def f%(i)d(x: str, prev: str | None) -> str:
    return x + (prev or "")


"""


def peers(folder, size):
    """Each peer's name with what `measure` takes."""
    _, baml = projects.projects(size)
    yield "baml-cli", [projects.baml_cli(), "lsp"], [baml / "main.baml"], "baml", "{{ x }}", "{{ q }}"
    prisma = folder / "schema.prisma"
    prisma.write_text(PRISMA_HEAD + "".join(PRISMA_ONE % {"i": i} for i in range(size)))
    command = [npm("@prisma/language-server", PRISMA_VERSION, "prisma-language-server"), "--stdio"]
    yield "prisma", command, [prisma], "prisma", "@id", "@ix"
    python = folder / "main.py"
    python.write_text("".join(RUFF_ONE % {"i": i} for i in range(size)))
    yield "ruff", [ruff(), "server"], [python], "python", "return x +", "return x )"


def main():
    sizes = [int(a) for a in sys.argv[1:] if a.isdigit()]
    files = None
    if "--files" in sys.argv:
        files = int(sys.argv[sys.argv.index("--files") + 1])
        sizes = sizes[1:] if sizes[:1] == [files] else sizes
    flowc = [TARGET / "release" / "flowc", "lsp"]
    runs = [(size, files) for size in sizes or [1000]] if files else [(size, None) for size in sizes or [10, 100, 1000]]
    runs += [] if sizes or files else [(1000, 50)]
    with tempfile.TemporaryDirectory() as root:
        for number, (size, parts) in enumerate(runs):
            folder = pathlib.Path(root) / str(number)
            folder.mkdir()
            paths = many_files(folder, size, parts) if parts else one_file(folder, size)
            name = f"{size}/{parts}" if parts else f"{size}"
            shown("flowc", name, measure(flowc, paths, "flowc", "{{ x }}", "{{ q }}"))
            if "--peer" in sys.argv and not parts:
                for peer, *what in peers(folder, size):
                    shown(peer, name, measure(*what))


if __name__ == "__main__":
    main()
