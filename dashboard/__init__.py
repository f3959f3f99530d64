"""The pages: what was used, what the filters did, whether the models work, and every call as it happened."""
