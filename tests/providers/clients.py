"""The providers' own clients against our test servers.

In, on standard input: a list of runs, each with the client, the server's address, and what to ask.
Out, on standard output: for each run the text and the usage as the client reads them, or its error.
"""

import base64
import json
import sys


def openai(run):
    from openai import OpenAI

    client = OpenAI(api_key="the-key", base_url=run["url"] + "/v1", max_retries=0)
    return chat(run, client, "max_completion_tokens")


def azure(run):
    from openai import AzureOpenAI

    client = AzureOpenAI(
        api_key="the-key", azure_endpoint=run["url"], api_version="2024-10-21", max_retries=0
    )
    return chat(run, client, "max_completion_tokens")


def chat(run, client, cap):
    content = run["user"]
    if run["images"]:
        content = [{"type": "text", "text": run["user"]}]
        content += [{"type": "image_url", "image_url": {"url": url}} for url in run["images"]]
    options = {}
    if run["schema"]:
        form = {"name": run["name"], "strict": True, "schema": run["schema"]}
        options["response_format"] = {"type": "json_schema", "json_schema": form}
    if run["stream"]:
        options["stream_options"] = {"include_usage": True}
    answer = client.chat.completions.create(
        model="test-model",
        messages=[{"role": "system", "content": run["system"]}, {"role": "user", "content": content}],
        temperature=0.0,
        stream=run["stream"],
        **{cap: 64},
        **options,
    )
    text, usage = "", None
    if run["stream"]:
        for chunk in answer:
            for choice in chunk.choices:
                text += choice.delta.content or ""
            usage = chunk.usage or usage
    else:
        text, usage = answer.choices[0].message.content, answer.usage
    cached = usage.prompt_tokens_details.cached_tokens
    return text, usage.prompt_tokens, usage.completion_tokens, cached


def responses(run):
    from openai import OpenAI

    client = OpenAI(api_key="the-key", base_url=run["url"] + "/v1", max_retries=0)
    content = run["user"]
    if run["images"]:
        content = [{"type": "input_text", "text": run["user"]}]
        content += [{"type": "input_image", "image_url": u, "detail": "auto"} for u in run["images"]]
    options = {}
    if run["schema"]:
        form = {"type": "json_schema", "name": run["name"], "strict": True, "schema": run["schema"]}
        options["text"] = {"format": form}
    answer = client.responses.create(
        model="test-model",
        input=[{"role": "system", "content": run["system"]}, {"role": "user", "content": content}],
        max_output_tokens=64,
        temperature=0.0,
        store=False,
        stream=run["stream"],
        **options,
    )
    text = ""
    if run["stream"]:
        for event in answer:
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.completed":
                usage = event.response.usage
    else:
        text, usage = answer.output_text, answer.usage
    return text, usage.input_tokens, usage.output_tokens, usage.input_tokens_details.cached_tokens


def anthropic(run):
    from anthropic import Anthropic

    # The version that has a temperature.
    version = {"anthropic-version": "2023-06-01"}
    client = Anthropic(api_key="the-key", base_url=run["url"], max_retries=0, default_headers=version)
    content = run["user"]
    if run["images"]:
        content = []
        for url in run["images"]:
            media, data = url.removeprefix("data:").split(";base64,")
            source = {"type": "base64", "media_type": media, "data": data}
            content.append({"type": "image", "source": source})
        content.append({"type": "text", "text": run["user"]})
    options = {}
    if run["schema"]:
        options["tools"] = [
            {"name": "answer", "description": "Gives the answer in its form.", "input_schema": run["schema"]}
        ]
        options["tool_choice"] = {"type": "tool", "name": "answer"}
    asked = dict(
        model="test-model",
        max_tokens=64,
        system=[{"type": "text", "text": run["system"]}],
        messages=[{"role": "user", "content": content}],
        **options,
    )
    if run["stream"]:
        with client.messages.stream(**asked, extra_body={"temperature": 0.0}) as stream:
            answer = stream.get_final_message()
    else:
        answer = client.messages.create(**asked, extra_body={"temperature": 0.0, "stream": False})
    block, usage = answer.content[0], answer.usage
    text = json.dumps(block.input) if run["schema"] else block.text
    read, written = usage.cache_read_input_tokens, usage.cache_creation_input_tokens
    return text, usage.input_tokens + read + written, usage.output_tokens, read


def google(run):
    from google import genai
    from google.genai import types

    client = genai.Client(api_key="the-key", http_options=types.HttpOptions(base_url=run["url"]))
    parts = []
    for url in run["images"]:
        media, data = url.removeprefix("data:").split(";base64,")
        parts.append(types.Part.from_bytes(data=base64.b64decode(data), mime_type=media))
    parts.append(types.Part.from_text(text=run["user"]))
    options = {}
    if run["schema"]:
        options = {"response_mime_type": "application/json", "response_json_schema": run["schema"]}
    asked = dict(
        model="test-model",
        contents=[types.Content(role="user", parts=parts)],
        config=types.GenerateContentConfig(
            system_instruction=types.Content(parts=[types.Part.from_text(text=run["system"])]),
            max_output_tokens=64,
            temperature=0.0,
            **options,
        ),
    )
    text, usage = "", None
    if run["stream"]:
        for chunk in client.models.generate_content_stream(**asked):
            text += chunk.text or ""
            usage = chunk.usage_metadata or usage
    else:
        answer = client.models.generate_content(**asked)
        text, usage = answer.text, answer.usage_metadata
    output = usage.candidates_token_count + usage.thoughts_token_count
    return text, usage.prompt_token_count, output, usage.cached_content_token_count


def bedrock(run):
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=run["url"],
        region_name="eu-central-1",
        aws_access_key_id="the-key",
        aws_secret_access_key="the-secret",
        aws_session_token="the-session",
        config=Config(retries={"total_max_attempts": 1}),
    )
    content = []
    for url in run["images"]:
        media, data = url.removeprefix("data:").split(";base64,")
        source = {"bytes": base64.b64decode(data)}
        content.append({"image": {"format": media.removeprefix("image/"), "source": source}})
    content.append({"text": run["user"]})
    options = {}
    if run["schema"]:
        tool = {"name": "answer", "description": "Gives the answer in its form."}
        tool["inputSchema"] = {"json": run["schema"]}
        options["toolConfig"] = {"tools": [{"toolSpec": tool}], "toolChoice": {"tool": {"name": "answer"}}}
    asked = dict(
        modelId="test-model",
        system=[{"text": run["system"]}],
        messages=[{"role": "user", "content": content}],
        inferenceConfig={"maxTokens": 64, "temperature": 0.0},
        **options,
    )
    text = ""
    if run["stream"]:
        for event in client.converse_stream(**asked)["stream"]:
            if "contentBlockDelta" in event:
                delta = event["contentBlockDelta"]["delta"]
                text += delta["toolUse"]["input"] if "toolUse" in delta else delta["text"]
            if "metadata" in event:
                usage = event["metadata"]["usage"]
    else:
        answer = client.converse(**asked)
        block, usage = answer["output"]["message"]["content"][0], answer["usage"]
        text = json.dumps(block["toolUse"]["input"]) if "toolUse" in block else block["text"]
    read, written = usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"]
    return text, usage["inputTokens"] + read + written, usage["outputTokens"], read


def mistral(run):
    from mistralai.client import Mistral

    client = Mistral(api_key="the-key", server_url=run["url"])
    content = run["user"]
    if run["images"]:
        content = [{"type": "text", "text": run["user"]}]
        content += [{"type": "image_url", "image_url": {"url": url}} for url in run["images"]]
    options = {}
    if run["schema"]:
        form = {"name": run["name"], "strict": True, "schema": run["schema"]}
        options["response_format"] = {"type": "json_schema", "json_schema": form}
    asked = dict(
        model="test-model",
        messages=[{"role": "system", "content": run["system"]}, {"role": "user", "content": content}],
        max_tokens=64,
        temperature=0.0,
        **options,
    )

    def said(content):
        return "".join(part.text for part in content if part.type == "text")

    text, usage = "", None
    if run["stream"]:
        for event in client.chat.stream(**asked):
            for choice in event.data.choices:
                text += said(choice.delta.content or [])
            usage = event.data.usage or usage
    else:
        answer = client.chat.complete(**asked)
        text, usage = said(answer.choices[0].message.content), answer.usage
    return text, usage.prompt_tokens, usage.completion_tokens, None


def cohere(run):
    import cohere as sdk

    client = sdk.ClientV2(api_key="the-key", base_url=run["url"])
    content = run["user"]
    if run["images"]:
        content = [{"type": "text", "text": run["user"]}]
        content += [{"type": "image_url", "image_url": {"url": url}} for url in run["images"]]
    options = {}
    if run["schema"]:
        options["response_format"] = {"type": "json_object", "json_schema": run["schema"]}
    asked = dict(
        model="test-model",
        messages=[{"role": "system", "content": run["system"]}, {"role": "user", "content": content}],
        max_tokens=64,
        temperature=0.0,
        **options,
    )
    text = ""
    if run["stream"]:
        for event in client.chat_stream(**asked):
            if event.type == "content-delta":
                text += event.delta.message.content.text
            if event.type == "message-end":
                usage = event.delta.usage
    else:
        answer = client.chat(**asked)
        text, usage = answer.message.content[0].text, answer.usage
    billed = usage.billed_units
    return text, billed.input_tokens, billed.output_tokens, usage.cached_tokens


def ollama(run):
    import ollama as sdk

    client = sdk.Client(host=run["url"], headers={"authorization": "Bearer the-key"})
    user = {"role": "user", "content": run["user"]}
    if run["images"]:
        user["images"] = [url.split(";base64,")[1] for url in run["images"]]
    asked = dict(
        model="test-model",
        messages=[{"role": "system", "content": run["system"]}, user],
        options={"num_ctx": 8000, "num_predict": 64, "temperature": 0.0},
        format=run["schema"],
        stream=run["stream"],
    )
    text = ""
    if run["stream"]:
        for part in client.chat(**asked):
            text += part.message.content
            last = part
    else:
        last = client.chat(**asked)
        text = last.message.content
    return text, last.prompt_eval_count, last.eval_count, None


def signature(run):
    """What botocore signs a request with that has come to a server."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    auth = SigV4Auth(Credentials("the-key", "the-secret", "the-session"), "bedrock", "eu-central-1")
    signed = run["headers"]["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    headers = {name: run["headers"][name] for name in signed}
    request = AWSRequest("POST", run["url"], headers=headers, data=run["body"].encode())
    request.context["timestamp"] = run["headers"]["x-amz-date"]
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return auth.signature(text, request), 0, 0, None


def main():
    clients = [openai, azure, responses, anthropic, google, bedrock, mistral, cohere, ollama, signature]
    by_name = {client.__name__: client for client in clients}
    out = []
    for run in json.load(sys.stdin):
        try:
            text, used_in, used_out, cached = by_name[run["client"]](run)
            out.append({"text": text, "input": used_in, "output": used_out, "cached": cached})
        except Exception as error:  # The test shows it.
            out.append({"error": f"{type(error).__name__}: {error}"})
    json.dump(out, sys.stdout)


main()
