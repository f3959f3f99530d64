"""Ways to ask for a forbidden model, `evil`, while seeming to ask for an allowed one, `good`."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FORM", "JSON", "SMUGGLED", "Ask", "a_form", "a_part"]

JSON = "application/json"
FORM = "multipart/form-data; boundary=B"
CHAT = "/v1/chat/completions"
AUDIO = "/v1/audio/transcriptions"
GOOD = b'{"model":"good"}'


class Ask(NamedTuple):
    path: str
    content_type: str
    body: bytes


def a_part(disposition: str, content: bytes, *more: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *more]
    return b"--B\r\n" + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + content + b"\r\n"


def a_form(*fields: tuple[str, bytes]) -> bytes:
    return b"".join(a_part(f'name="{name}"', content) for name, content in fields) + b"--B--\r\n"


def _body(text: str | bytes) -> Ask:
    return Ask(CHAT, JSON, text if isinstance(text, bytes) else text.encode())


def _path(path: str, body: bytes = GOOD) -> Ask:
    return Ask(path, JSON, body)


def _form(body: bytes, content_type: str = FORM) -> Ask:
    return Ask(AUDIO, content_type, body)


_MODEL = a_part('name="model"', b"good")
_EVIL = a_part('name="model"', b"evil")
_END = b"--B--\r\n"

_BODIES = {
    "the name twice": _body('{"model":"good","model":"evil"}'),
    "the name twice, evil first": _body('{"model":"evil","model":"good"}'),
    "the name twice, one escaped": _body(r'{"model":"good","mod\u0065l":"evil"}'),
    "the name twice, the same": _body('{"model":"good","model":"good"}'),
    "in capitals, for Go and .NET": _body('{"model":"good","MODEL":"evil"}'),
    "in one capital": _body('{"Model":"evil","model":"good"}'),
    "only in capitals": _body('{"MODEL":"good"}'),
    "in wide letters": _body('{"model":"good","ｍodel":"evil"}'),
    "with a blank": _body('{"model":"good","model ":"evil"}'),
    "with a NUL, for readers in C": _body(r'{"model":"good","model\u0000":"evil"}'),
    "with half a surrogate that is dropped": _body(r'{"model":"good","model\ud800":"evil"}'),
    "with an underscore": _body('{"model":"good","_model":"evil"}'),
    "as a list": _body('{"model":["good","evil"]}'),
    "as an object": _body('{"model":{"name":"good"}}'),
    "as a number": _body('{"model":1}'),
    "as null": _body('{"model":null}'),
    "as an empty text": _body('{"model":""}'),
    "of OpenRouter's models": _body('{"model":"good","models":["evil"]}'),
    "as models alone": _body('{"models":["good"]}'),
    "as LiteLLM's fallbacks": _body('{"model":"good","fallbacks":["evil"]}'),
    "as LiteLLM's fallbacks for contexts": _body('{"model":"good","context_window_fallback_dict":{"good":"evil"}}'),
    "as LiteLLM's extra body": _body('{"model":"good","extra_body":{"model":"evil"}}'),
    "as LiteLLM's parameters": _body('{"model":"good","litellm_params":{"model":"evil"}}'),
    "as Vercel's options": _body('{"model":"good","providerOptions":{"gateway":{"models":["evil"]}}}'),
    "as OpenRouter's preset": _body('{"model":"good","preset":"evil"}'),
    "as model_id": _body('{"model":"good","model_id":"evil"}'),
    "as modelId": _body('{"model":"good","modelId":"evil"}'),
    "as model_name": _body('{"model":"good","model_name":"evil"}'),
    "as a draft's model": _body('{"model":"good","draft_model":"evil"}'),
    "as an engine": _body('{"model":"good","engine":"evil"}'),
    "as a deployment": _body('{"model":"good","deployment_id":"evil"}'),
    "as an agent of Google's": _body('{"model":"good","agent":"evil"}'),
    "as an agent of Mistral's": _body('{"model":"good","agent_id":"evil"}'),
    "as a version of Replicate's": _body('{"model":"good","version":"evil"}'),
    "in a tool that OpenAI hosts": _body('{"model":"good","tools":[{"type":"image_generation","model":"evil"}]}'),
    "in a tool that Anthropic hosts": _body('{"model":"good","tools":[{"type":"advisor_20260301","model":"evil"}]}'),
    "in a tool that OpenRouter hosts": _body(
        '{"model":"good","tools":[{"type":"openrouter:image","parameters":{"model":"evil"}}]}'
    ),
    "in a tool of Vertex', deep in it": _body(
        '{"model":"good","tools":[{"retrieval":{"ranking":{"llmRanker":{"modelName":"evil"}}}}]}'
    ),
    "in one of a tool's equal names": _body('{"model":"good","tools":[{"model":"evil","x":1,"x":2}]}'),
    "in the first of two lists of tools": _body('{"model":"good","tools":[{"model":"evil"}],"tools":[]}'),
    "in tools that are one": _body('{"model":"good","tools":{"model":"evil"}}'),
    "in a plugin": _body('{"model":"good","plugins":[{"id":"fusion","analysis_models":["evil"]}]}'),
    "in Vertex' routing": _body(
        '{"model":"good","generationConfig":{"routingConfig":{"manualMode":{"modelName":"evil"}}}}'
    ),
    "in Vertex' routing, as protobuf spells it": _body('{"model":"good","generation_config":{"routing_config":{}}}'),
    "in Vertex' choice": _body('{"model":"good","generationConfig":{"modelConfig":{}}}'),
    "in a list of requests": _body('[{"model":"good"},{"model":"evil"}]'),
    "in a second document": _body('{"model":"good"}{"model":"evil"}'),
    "in a second line": _body('{"model":"good"}\n{"model":"evil"}'),
    "behind a comma too many": _body('{"model":"good",}'),
    "in a comment": _body('{"model":"good"/*,"model":"evil"*/}'),
    "in single quotes": _body("{'model':'evil','x':{\"model\":\"good\"}}"),
    "without quotes": _body('{model:"evil","model":"good"}'),
    "behind a name that is no text": _body('{1:2,"model":"good"}'),
    "behind a colon that is none": _body('{"model"="good"}'),
    "behind a byte order mark": _body(b"\xef\xbb\xbf" + GOOD),
    "in UTF-16": _body(GOOD.decode().encode("utf-16")),
    "in UTF-16 without a mark": _body(GOOD.decode().encode("utf-16-le")),
    "beside bytes that are no UTF-8": _body(b'{"model":"good","x":"\xff"}'),
    "beside NaN": _body('{"model":"good","x":NaN}'),
    "beside a number without end": _body('{"model":"good","x":' + "9" * 5_000 + "}"),
    "in a body cut off": _body('{"model":"good"'),
    "in a body cut off behind a comma": _body('{"model":"good",'),
    "in a body nested too deep": _body('{"model":"good","x":' + "[" * 100_000 + "]" * 100_000 + "}"),
    "in a charset that is told": Ask(CHAT, "application/json; charset=utf-7", GOOD),
    "in one of two charsets": Ask(CHAT, "application/json; charset=utf-8; charset=utf-16", GOOD),
    "in one of two types": Ask(CHAT, "application/json, multipart/form-data; boundary=B", GOOD),
    "in JSON that is a form": Ask(CHAT, "application/x-www-form-urlencoded", b'{"model":"good","x":"&model=evil&"}'),
    "in plain text": Ask(CHAT, "text/plain", GOOD),
    "in YAML": Ask(CHAT, "application/yaml", GOOD),
}
_NAMES = {
    f"by the name {name!r}": _body(b'{"model":"%s"}' % name.encode("unicode_escape"))
    for name in (
        " good",
        "good ",
        "good evil",
        "good,evil",
        "good/../evil",
        "../evil",
        "good//evil",
        "/good",
        "good/",
        "good/./evil",
        "good?model=evil",
        "good#evil",
        "good%2fevil",
        "good|evil",
        "good*",
        "g" * 501,
    )
} | {
    "by a name with a line": _body(r'{"model":"good\nevil"}'),
    "by a name with a NUL": _body(r'{"model":"good\u0000evil"}'),
    "by a name with a turn of direction": _body(r'{"model":"good\u202eevil"}'),
    "by a name with nothing in it": _body(r'{"model":"good\u200bevil"}'),
    "by a name with half a surrogate": _body(r'{"model":"good\ud800"}'),
    "by a name in wide letters": _body('{"model":"ｇood"}'),
    "by a name with a backslash": _body(r'{"model":"good\\evil"}'),
    "by a name with a quote": _body(r'{"model":"good\"evil"}'),
}
_PATHS = {
    "by a deployment": _path("/openai/deployments/evil/chat/completions"),
    "by a deployment in capitals": _path("/openai/DEPLOYMENTS/evil/chat/completions"),
    "by a deployment that is encoded": _path("/openai/d%65ployments/evil/chat/completions"),
    "by two deployments": _path("/openai/deployments/good/deployments/evil/chat/completions", b""),
    "by a deployment that leads elsewhere": _path("/openai/deployments/good/../evil/chat/completions", b""),
    "by one that does so encoded": _path("/openai/deployments/good/%2e%2e/evil/chat/completions", b""),
    "by one that does so with a parameter": _path("/openai/deployments/good/..;x/evil/chat/completions", b""),
    "by one that does so in a segment": _path("/openai/deployments/good%2F..%2Fevil/chat/completions", b""),
    "by one that does so with a backslash": _path("/openai/deployments/good%5c..%5cevil/chat/completions", b""),
    "by one with a slash": _path("/openai/deployments/good%2Fevil/chat/completions", b""),
    "by one that is encoded twice": _path("/openai/deployments/good%252fevil/chat/completions", b""),
    "by one with a NUL": _path("/openai/deployments/good%00evil/chat/completions", b""),
    "by one with a parameter": _path("/openai/deployments/good;evil/chat/completions", b""),
    "by dots that are no UTF-8": _path("/openai/deployments/good/%c0%ae%c0%ae/evil/chat/completions", b""),
    "by dots in wide letters": _path("/openai/deployments/good/．．/evil/chat/completions", b""),
    "by an engine's address": _path("/v1/engines/evil/completions"),
    "by Databricks' address": _path("/serving-endpoints/evil/invocations"),
    "by an endpoint of Vertex'": _path("/v1/projects/p/locations/l/endpoints/evil/chat/completions"),
    "by an endpoint beside a body": _path("/v1/projects/p/locations/l/endpoints/evil:predict"),
    "by Gemini's address": _path("/v1beta/models/evil:generateContent"),
    "by Gemini's address, encoded": _path("/v1beta/%6dodels/evil%3AgenerateContent"),
    "by Gemini's address, tuned": _path("/v1beta/tunedModels/good:generateContent"),
    "by two of Gemini's names": _path("/v1beta/models/good:x/models/evil:generateContent", b""),
    "by a name with two verbs": _path("/v1beta/models/good:generateContent:streamGenerateContent/x", b""),
    "by a name with a slash before a verb": _path("/v1beta/models/good%2Fevil:generateContent", b""),
    "by an address below models": _path("/hf-inference/models/evil/v1/chat/completions"),
    "by Replicate's address": _path("/v1/models/owner/evil/predictions"),
    "by Bedrock's address": _path("/model/evil/converse"),
    "by Bedrock's address, with the body's modelId": _path("/model/good/converse", b'{"modelId":"evil"}'),
    "by two of Bedrock's names": _path("/model/good/model/evil/converse", b""),
    "by Bedrock's address, in pieces": _path("/model/good/evil/converse", b""),
    "by Bedrock's address without a verb": _path("/model/evil/chat/completions"),
    "by Cloudflare's address": _path("/accounts/a/ai/run/@cf/evil/chat"),
    "by the query": _path("/v1/chat/completions?model=evil"),
    "by the query in capitals": _path("/v1/chat/completions?x=1&Model=evil"),
    "by the query, encoded": _path("/v1/chat/completions?m%6fdel=evil"),
    "by the query behind a semicolon": _path("/v1/chat/completions?x=1;model=evil"),
    "by the query's deployment": _path("/v1/chat/completions?deployment=evil"),
    "by the query, empty": _path("/v1/chat/completions?model="),
    "by a question mark that is encoded": _path("/v1/batches%3f/chat/completions"),
    "by a batch of Anthropic's": _path("/v1/messages/batches"),
    "by a batch of OpenAI's": _path("/v1/batches"),
    "by an evaluation": _path("/v1/evals/e/runs"),
    "by a grader": _path("/v1/fine_tuning/alpha/graders/run"),
    "by an assistant": _path("/v1/threads/runs"),
    "by a stored answer": _path("/v1/chat/completions/evil"),
    "by an address that nobody knows": _path("/fal-ai/evil"),
    "by a conflict of three": _path("/openai/deployments/good/chat/completions?model=good", b'{"model":"evil"}'),
}
_FORMS = {
    "by a form's second field": _form(_MODEL + _EVIL + _END),
    "by a form's field in capitals": _form(_MODEL + a_part('name="Model"', b"evil") + _END),
    "by a form's list": _form(_MODEL + a_part('name="model[]"', b"evil") + _END),
    "by a form's other field": _form(_MODEL + a_part('name="models"', b"evil") + _END),
    "by a form's file": _form(a_part('name="model"; filename="x"', b"good") + _END),
    "by a form's file beside": _form(_MODEL + a_part('name="model"; filename="x"', b"evil") + _END),
    "by a field's second name": _form(a_part('name="model"; name="x"', b"good") + _END),
    "by a field's extended name": _form(_MODEL + a_part("name=\"x\"; name*=utf-8''model", b"evil") + _END),
    "by a name without quotes": _form(_MODEL + a_part("name=model", b"evil") + _END),
    "by a name that is escaped": _form(_MODEL + a_part('name="mod\\el"', b"evil") + _END),
    "by a name that is percent-encoded": _form(_MODEL + a_part('name="mod%65l"', b"evil") + _END),
    "by a name that is no UTF-8": _form(_MODEL + _EVIL.replace(b"model", b"model\xff") + _END),
    "by a text that is no UTF-8": _form(_MODEL.replace(b"good", b"good\xff") + _END),
    "by a field's second disposition": _form(
        a_part('name="x"', b"evil", 'Content-Disposition: form-data; name="model"') + _MODEL + _END
    ),
    "by a header on two lines": _form(a_part('name="x";\r\n name="model"', b"evil") + _MODEL + _END),
    "by a field in base64": _form(a_part('name="model"', b"good", "Content-Transfer-Encoding: base64") + _END),
    "by a field of a charset": _form(a_part('name="model"', b"good", "Content-Type: text/plain; charset=utf-7") + _END),
    "by a field without headers": _form(b"--B\r\n\r\nx\r\n" + _MODEL + _END),
    "by a field without a blank line": _form(b'--B\r\nContent-Disposition: form-data; name="x"\r\n' + _MODEL + _END),
    "before the first boundary": _form(b'Content-Disposition: form-data; name="model"\r\n\r\nevil\r\n' + _MODEL + _END),
    "behind the last boundary": _form(_MODEL + _END + _EVIL + _END),
    "behind the last boundary, with no other": _form(_MODEL + _END + b"evil"),
    "without a last boundary": _form(_MODEL + _EVIL),
    "behind bare line feeds": _form(_MODEL + _END.replace(b"\r\n", b"") + b"\n" + _EVIL.replace(b"\r\n", b"\n")),
    "between bare line feeds": _form(a_part('name="x"', b"\n" + _EVIL.replace(b"\r\n", b"\n")) + _MODEL + _END),
    "behind a boundary with more to it": _form(_MODEL + _EVIL.replace(b"--B", b"--B ") + _END),
    "by one of two boundaries": _form(_MODEL + _END, "multipart/form-data; boundary=B; boundary=C"),
    "by an extended boundary": _form(_MODEL + _END, "multipart/form-data; boundary*=utf-8''B"),
    "by no boundary": _form(_MODEL + _END, "multipart/form-data"),
    "by an empty boundary": _form(_MODEL + _END, 'multipart/form-data; boundary=""'),
    "by a charset of the form": _form(_MODEL + _END, "multipart/form-data; boundary=B; charset=utf-16"),
    "by another kind of multipart": _form(_MODEL + _END, "multipart/mixed; boundary=B"),
    "by JSON that is called a form": _form(GOOD),
    "by a form that is called JSON": _form(_MODEL + _END, JSON),
}
SMUGGLED = _BODIES | _NAMES | _PATHS | _FORMS
