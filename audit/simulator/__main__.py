"""`python -m audit.simulator`."""

from __future__ import annotations

from audit.simulator.server import main

if __name__ == "__main__":
    main()
