"""Personal data out of what is stored: rules that find it, and cuts that take it out of bodies, URL, headers and tags.

Pure: an exchange goes in, an exchange comes out. Whatever no rule finds stays as it was, byte for byte.
"""
