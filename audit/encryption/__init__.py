"""Keys that encrypt bodies at rest: master keys, which are kept elsewhere, and data keys, one for each content."""
