"""`python -m sensor` is `dns-sensor`."""

import sys

from sensor.cli import main

if __name__ == "__main__":
    sys.exit(main())
