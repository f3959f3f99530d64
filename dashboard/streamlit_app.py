"""The entry point that Streamlit runs: the pages and what stands above all of them."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # in a checkout and in a wheel alike, "dashboard" lies in the folder above
    sys.path.insert(0, str(HERE.parent))

from dashboard import cards, data, frame  # noqa: E402  # only now can it be found

st.set_page_config(page_title="audit", page_icon=str(HERE / "mark.svg"), layout="wide")

page = st.navigation(
    [
        st.Page(HERE / "views" / f"{name}_page.py", title=title, url_path=name, default=name == "overview")
        for name, title in frame.PAGES.items()
    ],
    position="hidden",
)
frame.navigation_row()
trouble = data.trouble()
if trouble is None:
    frame.loss_banner()
if trouble is None and data.health().calls:
    if "call" not in st.query_params:
        frame.filter_bar()
    page.run()
elif trouble:
    st.error("The record cannot be read.")
    st.code(trouble, language=None, wrap_lines=True)
else:
    cards.welcome(data.place())
