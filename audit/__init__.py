"""audit: record every language-model call."""
