"""Who runs a host, by OpenTelemetry's well-known values of `gen_ai.provider.name`, ours where it has none.

https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["provider_of"]


@lru_cache(maxsize=1024)
def provider_of(host: str) -> str:
    """Return the provider that runs `host`; the host itself when it is nobody's that we know."""
    return next((name for name, pattern in _HOSTS if pattern.search(host)), host)


_HOSTS = [
    (name, re.compile(pattern))
    for name, pattern in (
        ("openai", r"(^|\.)openai\.com$"),
        ("azure.ai.openai", r"\.(openai\.azure|cognitiveservices\.azure)\.(com|us|cn)$"),
        ("azure.ai.inference", r"\.(services\.ai\.azure|inference\.ai\.azure)\.com$|^models\.(inference|github)\.ai"),
        ("anthropic", r"(^|\.)anthropic\.com$"),
        ("gcp.gemini", r"(^|\.)generativelanguage\.googleapis\.com$"),
        ("gcp.vertex_ai", r"(^|[.-])aiplatform\.googleapis\.com$"),
        ("aws.bedrock", r"^bedrock[a-z-]*\..*amazonaws\.com(\.cn)?$|^bedrock-mantle\."),
        ("mistral_ai", r"(^|\.)mistral\.ai$"),
        ("deepseek", r"(^|\.)deepseek\.com$"),
        ("groq", r"(^|\.)groq\.com$"),
        ("x_ai", r"(^|\.)x\.ai$"),
        ("cohere", r"(^|\.)cohere\.(com|ai)$"),
        ("perplexity", r"(^|\.)perplexity\.ai$"),
        ("openrouter", r"(^|\.)openrouter\.ai$"),
        ("moonshot", r"(^|\.)moonshot\.(ai|cn)$"),
        ("zai", r"(^|\.)(z\.ai|bigmodel\.cn)$"),
        ("alibaba", r"(^|\.)dashscope(-[a-z]+)?\.aliyuncs\.com$"),
        ("ibm.watsonx.ai", r"\.ml\.cloud\.ibm\.com$"),
        ("together", r"(^|\.)together\.(xyz|ai)$"),
        ("cerebras", r"(^|\.)cerebras\.ai$"),
        ("huggingface", r"(^|\.)huggingface\.co$|\.endpoints\.huggingface\.cloud$"),
        ("vercel", r"^ai-gateway\.vercel\.sh$"),
        ("cloudflare", r"^gateway\.ai\.cloudflare\.com$|^api\.cloudflare\.com$"),
        ("databricks", r"\.(cloud\.databricks|azuredatabricks)\.(com|net)$"),
        ("snowflake", r"\.snowflakecomputing\.com$"),
        ("fireworks", r"(^|\.)fireworks\.ai$"),
        ("voyage", r"(^|\.)voyageai\.com$"),
        ("portkey", r"(^|\.)portkey\.ai$"),
    )
]
