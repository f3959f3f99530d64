"""Frameworks of Python that speak several formats: litellm, langchain, pydantic-ai."""

from __future__ import annotations

from collections.abc import Mapping

from audit.connect._code import python
from audit.connect.advice import Advice, Tool
from audit.connect.place import Format, Place

__all__ = ["TOOLS"]

_LITELLM = """
import os

import litellm

answer = litellm.completion(
    model=<litellm>,
    api_base=<base>,
    api_key=os.environ[<key>],
    extra_headers=<headers>,
    messages=[{"role": "user", "content": "Say hello."}],
)
print(answer.choices[0].message.content)
"""
_LANGCHAIN = """
import os

from <package> import <class>

model = <class>(
    model=<model>,
    base_url=<base>,
    api_key=os.environ[<key>],
    <parameter>=<headers>,
)
print(model.invoke("Say hello.").content)
"""
_PYDANTIC_AI = """
import os

from pydantic_ai import Agent
from pydantic_ai.models.<module> import <class>
from pydantic_ai.providers.<module> import <provider>

provider = <provider>(base_url=<base>, api_key=os.environ[<key>])
agent = Agent(
    <class>(<model>, provider=provider),
    model_settings={"extra_headers": <headers>},
)
print(agent.run_sync("Say hello.").output)
"""


def _litellm(place: Place, _environ: Mapping[str, str]) -> Advice:
    prefix = {"anthropic": "anthropic", "google": "gemini"}.get(place.format.vendor, "openai")
    base = "<url>" if place.format is Format.MESSAGES else "<versioned>"
    text = _with(_LITELLM, {"litellm": f'"{prefix}/{place.some_model}"', "base": base})
    notes = ("of a stream it asks for no usage unless told to: `stream_options={'include_usage': True}`",)
    return Advice(blocks=(python("Python", text, place),), notes=notes)


def _langchain(place: Place, _environ: Mapping[str, str]) -> Advice:
    package, kind, base, parameter = {
        "openai": ("langchain_openai", "ChatOpenAI", "<versioned>", "default_headers"),
        "anthropic": ("langchain_anthropic", "ChatAnthropic", "<url>", "default_headers"),
        "google": ("langchain_google_genai", "ChatGoogleGenerativeAI", "<url>", "additional_headers"),
    }[place.format.vendor]
    text = _with(_LANGCHAIN, {"package": package, "class": kind, "base": base, "parameter": parameter})
    notes = ("ChatOpenAI with a base_url of its own streams without usage figures, unless `stream_usage=True`",)
    return Advice(blocks=(python("Python", text, place),), notes=notes if place.format is Format.CHAT else ())


def _pydantic_ai(place: Place, _environ: Mapping[str, str]) -> Advice:
    module, kind, provider, base = {
        Format.CHAT: ("openai", "OpenAIChatModel", "OpenAIProvider", "<versioned>"),
        Format.RESPONSES: ("openai", "OpenAIResponsesModel", "OpenAIProvider", "<versioned>"),
        Format.MESSAGES: ("anthropic", "AnthropicModel", "AnthropicProvider", "<url>"),
        Format.GEMINI: ("google", "GoogleModel", "GoogleProvider", "<url>"),
    }[place.format]
    text = _with(_PYDANTIC_AI, {"module": module, "class": kind, "provider": provider, "base": base})
    return Advice(blocks=(python("Python", text, place),))


def _with(template: str, said: Mapping[str, str]) -> str:
    for name, text in said.items():
        template = template.replace(f"<{name}>", text)
    return template


TOOLS = (
    Tool(name="litellm", title="litellm", formats=(Format.CHAT, Format.MESSAGES, Format.GEMINI), advise=_litellm),
    Tool(name="langchain", title="langchain", formats=(Format.CHAT, Format.MESSAGES, Format.GEMINI), advise=_langchain),
    Tool(
        name="pydantic-ai",
        title="pydantic-ai",
        formats=(Format.CHAT, Format.RESPONSES, Format.MESSAGES, Format.GEMINI),
        advise=_pydantic_ai,
    ),
)
