"""`python -m audit.proxy`: a worker, started by whoever supervises it."""

from audit.proxy.worker import main

if __name__ == "__main__":  # pragma: no branch  # it is never anything else
    main()
