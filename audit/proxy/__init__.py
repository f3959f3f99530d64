"""The recording proxy: a gateway that hands everything on as it came, and writes it down."""
