"""How tools are pointed at the proxy: what each one wants to be told, as text to paste and as values for its files."""
