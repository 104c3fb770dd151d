#!/usr/bin/env python3
"""One round of a peer of `overhead`: the same call, in a closed loop, from Python.

Usage: benches/peers.py tensorzero|openai|langgraph|litellm URL CALLS AT_ONCE SECONDS

CALLS is how many calls, one after another, make one of what is counted. The packages come from
PyPI into benches/.peers/python. Prints one JSON object: what is counted a second (`rate`),
percentiles in milliseconds, processor seconds for 1,000, and the most memory in megabytes.
"""
import asyncio, json, os, pathlib, resource, subprocess, sys, tempfile, time

PEERS = pathlib.Path(__file__).resolve().parent / ".peers"
PYTHON = PEERS / "python" / "bin" / "python"
PACKAGES = ["tensorzero==2026.6.0", "openai==3.57.0", "aiohttp==3.14.5", "litellm==1.110.2", "langgraph==1.2.24"]
MESSAGES = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Say something about foxes."},
]
TENSORZERO = """
[gateway]
observability.enabled = false
[models.fast]
routing = ["openai"]
[models.fast.providers.openai]
type = "openai"
model_name = "gpt-4o-mini"
api_base = "%s/"
[functions.say]
type = "chat"
[functions.say.variants.only]
type = "chat_completion"
model = "fast"
max_tokens = 64
temperature = 0
"""


def set_up():
    """Becomes the interpreter that has the packages, which it installs where they are missing."""
    if pathlib.Path(sys.executable) == PYTHON:
        return
    done = PEERS / "python" / "installed.txt"
    if not done.exists() or done.read_text().split() != PACKAGES:
        subprocess.run([sys.executable, "-m", "venv", PEERS / "python"], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        done.write_text("\n".join(PACKAGES))
    os.execv(PYTHON, [PYTHON, *sys.argv])


def openai_client(url):
    import openai

    client = openai.AsyncOpenAI(base_url=url, max_retries=0, http_client=openai.DefaultAioHttpClient())

    async def call():
        answer = await client.chat.completions.create(
            model="gpt-4o-mini", messages=MESSAGES, max_tokens=64, temperature=0
        )
        return answer.choices[0].message.content

    return call


def langgraph(url, calls):
    from typing import TypedDict
    from langgraph.graph import END, START, StateGraph

    call = openai_client(url)
    state = TypedDict("state", {f"said{n}": str for n in range(calls)}, total=False)
    graph, last = StateGraph(state), START
    for n in range(calls):

        async def node(_, key=f"said{n}"):
            return {key: await call()}

        graph.add_node(f"say{n}", node)
        graph.add_edge(last, f"say{n}")
        last = f"say{n}"
    graph.add_edge(last, END)
    ready = graph.compile()

    async def run():
        return (await ready.ainvoke({}))[f"said{calls - 1}"]

    return run


def litellm(url):
    import litellm as peer

    peer.telemetry = False

    async def call():
        answer = await peer.acompletion(
            model="openai/gpt-4o-mini", api_base=url, messages=MESSAGES, max_tokens=64, temperature=0
        )
        return answer.choices[0].message.content

    return call


async def tensorzero(url):
    from tensorzero import AsyncTensorZeroGateway

    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        config.write(TENSORZERO % url)
        config.flush()
        gateway = await AsyncTensorZeroGateway.build_embedded(config_file=config.name)
    said = {"system": MESSAGES[0]["content"], "messages": MESSAGES[1:]}

    async def call():
        return (await gateway.inference(function_name="say", input=said)).content[0].text

    return call


async def load(call, at_once, seconds):
    for _ in range(50):
        if not await call():
            sys.exit("no answer")
    took, end, used = [], time.perf_counter() + seconds, time.process_time()
    began = time.perf_counter()

    async def caller():
        while (start := time.perf_counter()) < end:
            await call()
            took.append(time.perf_counter() - start)

    await asyncio.gather(*(caller() for _ in range(at_once)))
    elapsed, used = time.perf_counter() - began, time.process_time() - used
    took.sort()
    return {
        "rate": len(took) / elapsed,
        "p50": took[(len(took) - 1) * 50 // 100] * 1e3,
        "p99": took[(len(took) - 1) * 99 // 100] * 1e3,
        "cpu": used / len(took) * 1e3,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


async def main():
    peer, url, calls, at_once, seconds = sys.argv[1:]
    os.environ |= {"OPENAI_API_KEY": "sk-bench", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LANGSMITH_TRACING": "false"}
    if peer == "tensorzero":
        call = await tensorzero(url)
    else:
        call = {
            "openai": lambda: openai_client(url),
            "langgraph": lambda: langgraph(url, int(calls)),
            "litellm": lambda: litellm(url),
        }[peer]()
    print(json.dumps(await load(call, int(at_once), float(seconds))), flush=True)
    # Some peers keep threads that would wait for more work.
    os._exit(0)


set_up()
asyncio.run(main())
