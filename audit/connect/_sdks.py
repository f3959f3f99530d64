"""The vendors' own SDKs, in Python and in JavaScript."""

from __future__ import annotations

from collections.abc import Mapping

from audit.connect._code import javascript, python
from audit.connect.advice import Advice, Block, Tool, exports
from audit.connect.place import Format, Place

__all__ = ["TOOLS"]

_OPENAI = """
import os

from openai import OpenAI

client = OpenAI(
    base_url=<versioned>,
    api_key=os.environ[<key>],
    default_headers=<headers>,
)
print(client.responses.create(model=<model>, input="Say hello.").output_text)
"""
_OPENAI_CHAT = """
import os

from openai import OpenAI

client = OpenAI(
    base_url=<versioned>,
    api_key=os.environ[<key>],
    default_headers=<headers>,
)
asked = [{"role": "user", "content": "Say hello."}]
print(client.chat.completions.create(model=<model>, messages=asked).choices[0].message.content)
"""
_OPENAI_JS = """
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: <versioned>,
  apiKey: process.env[<key>],
  defaultHeaders: <headers>,
});
const response = await client.responses.create({ model: <model>, input: "Say hello." });
console.log(response.output_text);
"""
_OPENAI_CHAT_JS = """
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: <versioned>,
  apiKey: process.env[<key>],
  defaultHeaders: <headers>,
});
const messages = [{ role: "user", content: "Say hello." }];
const completion = await client.chat.completions.create({ model: <model>, messages });
console.log(completion.choices[0].message.content);
"""
_ANTHROPIC = """
import os

from anthropic import Anthropic

client = Anthropic(
    base_url=<url>,
    api_key=os.environ[<key>],
    default_headers=<headers>,
)
asked = [{"role": "user", "content": "Say hello."}]
print(client.messages.create(model=<model>, max_tokens=100, messages=asked).content[0].text)
"""
_ANTHROPIC_JS = """
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({
  baseURL: <url>,
  apiKey: process.env[<key>],
  defaultHeaders: <headers>,
});
const messages = [{ role: "user", content: "Say hello." }];
const message = await client.messages.create({ model: <model>, max_tokens: 100, messages });
console.log(message.content[0].text);
"""
_GENAI = """
import os

from google import genai
from google.genai import types

options = types.HttpOptions(
    base_url=<url>,
    headers=<headers>,
)
client = genai.Client(api_key=os.environ[<key>], http_options=options)
print(client.models.generate_content(model=<model>, contents="Say hello.").text)
"""
_GENAI_JS = """
import { GoogleGenAI } from "@google/genai";

const client = new GoogleGenAI({
  apiKey: process.env[<key>],
  httpOptions: {
    baseUrl: <url>,
    headers: <headers>,
  },
});
const response = await client.models.generateContent({ model: <model>, contents: "Say hello." });
console.log(response.text);
"""
_OPEN = "headers of a single call: `extra_headers=` in Python, `{ headers }` as the second argument in JavaScript"


def _openai(place: Place, _environ: Mapping[str, str]) -> Advice:
    chat = place.format is Format.CHAT
    return Advice(
        blocks=(
            _shell({"OPENAI_BASE_URL": place.versioned}, "OPENAI_API_KEY", place),
            python("Python", _OPENAI_CHAT if chat else _OPENAI, place),
            javascript("JavaScript", _OPENAI_CHAT_JS if chat else _OPENAI_JS, place),
        ),
        notes=(_OPEN, "a streamed Chat Completion tells usage only with `stream_options={'include_usage': True}`"),
    )


def _anthropic(place: Place, _environ: Mapping[str, str]) -> Advice:
    return Advice(
        blocks=(
            _shell({"ANTHROPIC_BASE_URL": place.url}, "ANTHROPIC_API_KEY", place),
            python("Python", _ANTHROPIC, place),
            javascript("JavaScript", _ANTHROPIC_JS, place),
        ),
        notes=(_OPEN, "the base URL has no /v1"),
    )


def _genai(place: Place, _environ: Mapping[str, str]) -> Advice:
    return Advice(
        blocks=(
            _shell({"GOOGLE_GEMINI_BASE_URL": place.url}, "GEMINI_API_KEY", place),
            python("Python", _GENAI, place),
            javascript("JavaScript", _GENAI_JS, place),
        ),
        notes=("the base URL has no version",),
    )


def _shell(variables: Mapping[str, str], key: str, place: Place) -> Block:
    text = exports(variables, key=key, place=place)
    return Block(title="the shell that starts it, if the code names no base URL", language="sh", text=text)


TOOLS = (
    Tool(name="openai", title="OpenAI's SDKs", formats=(Format.RESPONSES, Format.CHAT), advise=_openai),
    Tool(name="anthropic", title="Anthropic's SDKs", formats=(Format.MESSAGES,), advise=_anthropic),
    Tool(name="google-genai", title="Google's SDKs", formats=(Format.GEMINI,), advise=_genai),
)
