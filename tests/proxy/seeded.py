"""API keys of every kind, none of them real, and the places where clients put keys."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from random import Random
from urllib.parse import quote_plus

__all__ = ["KEYS", "PLACES", "SHAPED", "placed", "traces"]

_WORDS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_HEX = "0123456789abcdef"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SHAPES = {
    "OpenAI": ("sk-", 48, _WORDS),
    "OpenAI project": ("sk-proj-", 156, _WORDS + "_-"),
    "OpenAI service account": ("sk-svcacct-", 100, _WORDS + "_-"),
    "OpenAI admin": ("sk-admin-", 100, _WORDS + "_-"),
    "OpenAI none": ("sk-None-", 48, _WORDS),
    "OpenAI session": ("sess-", 40, _WORDS),
    "OpenAI ephemeral": ("ek_", 40, _WORDS),
    "Anthropic": ("sk-ant-api03-", 95, _WORDS + "_-"),
    "Anthropic admin": ("sk-ant-admin01-", 95, _WORDS + "_-"),
    "Anthropic OAuth": ("sk-ant-oat01-", 95, _WORDS + "_-"),
    "OpenRouter": ("sk-or-v1-", 64, _HEX),
    "DeepSeek": ("sk-", 32, _HEX),
    "LiteLLM": ("sk-", 22, _WORDS + "_-"),
    "our own": ("sk-audit-", 43, _WORDS + "_-"),
    "Google": ("AIzaSy", 33, _WORDS + "_-"),
    "Google, newer": ("AQ.Ab8RN6", 40, _WORDS + "_-"),
    "Google OAuth": ("ya29.a0", 160, _WORDS + "_-"),
    "Google client secret": ("GOCSPX-", 28, _WORDS + "_-"),
    "Hugging Face": ("hf_", 34, _WORDS),
    "Groq": ("gsk_", 52, _WORDS),
    "xAI": ("xai-", 80, _WORDS),
    "Perplexity": ("pplx-", 48, _WORDS),
    "NVIDIA": ("nvapi-", 64, _WORDS + "_-"),
    "Replicate": ("r8_", 37, _WORDS),
    "Fireworks": ("fw_", 24, _WORDS),
    "Together": ("tgp_v1_", 43, _WORDS + "_-"),
    "Jina": ("jina_", 60, _WORDS),
    "Voyage": ("pa-", 43, _WORDS + "_-"),
    "Cerebras": ("csk-", 48, _WORDS),
    "ElevenLabs": ("sk_", 48, _HEX),
    "Stripe": ("rk_live_", 24, _WORDS),
    "AWS access key id": ("AKIA", 16, _UPPER),
    "AWS temporary key id": ("ASIA", 16, _UPPER),
    "AWS Bedrock": ("ABSK", 128, _WORDS),
    "AWS Bedrock, short-term": ("bedrock-api-key-", 120, _WORDS),
    "GitHub": ("ghp_", 36, _WORDS),
    "GitHub OAuth": ("gho_", 36, _WORDS),
    "GitHub fine-grained": ("github_pat_", 82, _WORDS + "_"),
    "GitLab": ("glpat-", 20, _WORDS + "_-"),
    "npm": ("npm_", 36, _WORDS),
    "Slack": ("xoxb-", 50, "0123456789-" + _WORDS),
    "DigitalOcean": ("dop_v1_", 64, _HEX),
    "Databricks": ("dapi", 32, _HEX),
}
_SHAPELESS = {
    "Azure": ("", 32, _HEX),
    "Azure, newer": ("", 84, _WORDS),
    "Mistral": ("", 32, _WORDS),
    "Cohere": ("", 40, _WORDS),
    "AWS secret": ("", 40, _WORDS + "/+"),
    "hexadecimal": ("", 64, _HEX),
    "password": ("correct horse battery ", 16, _WORDS),
}


def _made(shapes: dict[str, tuple[str, int, str]]) -> Iterator[tuple[str, str]]:
    for name, (prefix, size, letters) in shapes.items():
        chance = Random(f"seeded {name}")
        # No sign at the end: what looks for keys might take it for the end of a sentence.
        last = chance.choice([letter for letter in letters if letter.isalnum()])
        yield name, prefix + "".join(chance.choices(letters, k=size - 1)) + last


def _jwt() -> str:
    chance = Random("seeded JWT")
    head = {"alg": "RS256", "typ": "JWT"}
    claims = {"iss": "https://sts.windows.net/x/", "sub": "someone", "appid": "app", "exp": 2000000000}
    pieces = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, claims)]
    return ".".join([*pieces, "".join(chance.choices(_WORDS + "_-", k=342))])


SHAPED = {**dict(_made(_SHAPES)), "JWT": _jwt()}
"""Those that can be told by their look."""
KEYS = {**SHAPED, **dict(_made(_SHAPELESS))}


def traces(key: str) -> set[bytes]:
    """Return what a key, or a good part of it, looks like wherever it may be found."""
    plain = {key[-14:].encode(), key[len(key) // 3 :][:14].encode()} if " " not in key else {key[-14:].encode()}
    coded = {base64.b64encode(f"user:{key}".encode())[12:32], base64.b64encode(f":{key}".encode())[4:24]}
    return plain | coded


FIELDS = {
    "bearer": "Authorization: Bearer {}",
    "bearer in small letters": "authorization: bearer {}",
    "bearer with blanks": "Authorization:   Bearer   {}  ",
    "no scheme": "Authorization: {}",
    "token": "Authorization: Token {}",
    "basic": "Authorization: Basic {basic}",
    "basic without a user": "Authorization: Basic {nobody}",
    "signature": "Authorization: AWS4-HMAC-SHA256 Credential={}/20261128/x/bedrock/aws4_request, Signature={}",
    "x-api-key": "x-api-key: {}",
    "api-key": "api-key: {}",
    "x-goog-api-key": "X-Goog-Api-Key: {}",
    "subscription key": "Ocp-Apim-Subscription-Key: {}",
    "security token": "X-Amz-Security-Token: {}",
    "proxy authorization": "Proxy-Authorization: Bearer {}",
    "cookie": "Cookie: a=b; session={}; c=d",
    "cookie alone": "Cookie: {}",
    "WebSocket protocol": "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.{}, openai-beta.realtime-v1",
    "unknown header": "X-My-Own-Thing: {}",
    "other header": "X-Custom-Auth: secret {}",
    "gateway's header": "Helicone-Auth: Bearer {}",
    "other gateway's header": "x-portkey-api-key: {}",
    "third gateway's header": "cf-aig-authorization: Bearer {}",
    "forwarded token": "X-Forwarded-Access-Token: {}",
    "referer": "Referer: https://x/?key={}",
    "organization": "OpenAI-Organization: {}",
}
QUERIES = {
    "key": "key={}",
    "api-key": "api-key={}",
    "api_key": "a=b&api_key={}&c=d",
    "access_token": "access_token={}",
    "token": "token={}",
    "subscription key": "subscription-key={}",
    "AWS": "X-Amz-Credential={}%2F20261128&X-Amz-Signature={}&X-Amz-Security-Token={}",
    "Azure signature": "sv=1&sig={}",
    "client secret": "client_secret={}&code={}",
    "escaped name": "%6bey={}",
    "escaped name of two words": "api%2Dkey={}",
    "capitals": "KEY={}",
    "behind a semicolon": "a=b;key={}",
    "twice": "key={}&key={}",
}
PLACES = {**{f"header: {name}": name for name in FIELDS}, **{f"query: {name}": name for name in QUERIES}}


def placed(place: str, key: str) -> tuple[str, str]:
    """Return a header's line and a query, one of them empty, with the key where the place says."""
    kind, _, name = place.partition(": ")
    if kind == "query":
        return "", "?" + QUERIES[name].replace("{}", quote_plus(key))
    given = {
        "{basic}": base64.b64encode(f"user:{key}".encode()).decode(),
        "{nobody}": base64.b64encode(f":{key}".encode()).decode(),
        "{}": key,
    }
    line = FIELDS[name]
    for mark, text in given.items():
        line = line.replace(mark, text)
    return line, ""
