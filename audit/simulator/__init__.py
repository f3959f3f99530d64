"""A fake provider of language models: the demo's and the tests'. It imports nothing from the rest of `audit`."""
