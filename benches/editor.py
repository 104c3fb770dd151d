#!/usr/bin/env python3
"""Times a language server as an editor meets it: from a keystroke to its diagnostics.

Usage: benches/editor.py [--peer] [sizes…]     (default: 10 100 1000)

A program of n has n prompts, each with a record type of its own that names the type before it, and
flows that call them, ten each; their bounds are worked out at every keystroke. A keystroke is one change of one
character, at a place that moves over the file, which makes or mends a mistake in a template. With
--peer, `baml-cli lsp` (npm, into benches/.peers) is measured in the same run on an equal project.

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


def measure(command, path, language, good, bad):
    """One server on one file: `good` stands in the text once for each prompt, and `bad` in its place is a mistake."""
    text = path.read_text()
    server = Server(command, path.parent)
    uri = path.as_uri()
    root = path.parent.as_uri()
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
    document = {"uri": uri, "languageId": language, "version": 1, "text": text}
    server.notify("textDocument/didOpen", {"textDocument": document})
    first = server.published(uri, lambda p: True) - server.started
    places = []
    for number, line in enumerate(text.split("\n")):
        at = line.find(good)
        if at >= 0:
            places.append((number, at))
    version = 1

    def change(place, length, new):
        nonlocal version
        version += 1
        line, column = place
        edit = {
            "range": {
                "start": {"line": line, "character": column},
                "end": {"line": line, "character": column + length},
            },
            "text": new,
        }
        server.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": [edit]},
        )

    def wait(wrong):
        # A server that sends no version has taken the change in when its verdict is the new one.
        errors = lambda p: any(d.get("severity", 1) == 1 for d in p["diagnostics"])
        return server.published(uri, lambda p: p.get("version", version) == version and errors(p) == wrong)

    times, completions = [], []
    for i in range(EDITS):
        place = places[(i * 7919) % len(places)]
        for old, new, wrong in ((good, bad, True), (bad, good, False)):
            sent = time.perf_counter()
            change(place, len(old), new)
            times.append(wait(wrong) - sent)
        if i % 5 == 0:
            line, column = place
            at = {"line": line, "character": column + 3}
            completions.append(server.request("textDocument/completion", {"textDocument": {"uri": uri}, "position": at})[1])
    bursts = []
    for i in range(5):
        place = places[(i * 101) % len(places)]
        for _ in range(10):
            change(place, len(good), bad)
            change(place, len(bad), good)
        change(place, len(good), bad)
        sent = time.perf_counter()
        bursts.append(wait(True) - sent)
        change(place, len(bad), good)
        wait(False)
    peak = server.peak()
    server.stop()
    return first, times, bursts, completions, peak


def shown(name, size, figures):
    first, times, bursts, completions, peak = figures
    ms = lambda seconds: f"{seconds * 1000:7.1f}"
    p95 = lambda list_: sorted(list_)[max(0, int(len(list_) * 0.95) - 1)]
    print(
        f"{name:10} {size:6}  first {ms(first)}  key {ms(statistics.median(times))} /{ms(p95(times))}"
        f"  burst {ms(statistics.median(bursts))}  completion {ms(statistics.median(completions))} /{ms(p95(completions))}"
        f"  {peak} MB",
        flush=True,
    )


def main():
    peer = "--peer" in sys.argv
    sizes = [int(a) for a in sys.argv[1:] if a.isdigit()] or [10, 100, 1000]
    flowc = TARGET / "release" / "flowc"
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            path = pathlib.Path(folder) / f"p{size}" / "main.flow"
            path.parent.mkdir()
            parts = [{"i": i, "p": max(0, i - 1)} for i in range(size)]
            flows = "".join(flow(i, min(i + TOGETHER, size)) for i in range(0, size, TOGETHER))
            path.write_text(projects.FLOW_HEAD + "".join(projects.FLOW_ONE % p for p in parts) + flows)
            shown("flowc", size, measure([flowc, "lsp"], path, "flowc", "{{ x }}", "{{ q }}"))
            if peer:
                _, baml = projects.projects(size)
                command = [projects.baml_cli(), "lsp"]
                shown("baml-cli", size, measure(command, baml / "main.baml", "baml", "{{ x }}", "{{ q }}"))


if __name__ == "__main__":
    main()
