"""What a call cost: from its usage, model, provider and date to a price, or to the reason why there is none.

The order in which a price is looked for:

1. the operator's own, from `audit.toml`: the first that fits;
2. what the reply says it cost, from those who bill just that;
3. genai-prices' bundled list (never updated from the network), by the model that served: `price_list.py`;
4. none: the call is unpriced, with a reason. It is never free by default.
"""

from audit.pricing.pricer import Pricer

__all__ = ["Pricer"]
