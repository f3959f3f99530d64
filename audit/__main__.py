"""`python -m audit` is `audit`."""

from __future__ import annotations

from audit.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
