"""``python -m tilla``: the same as ``tilla``."""

import sys

from tilla.cli import main

if __name__ == "__main__":
    sys.exit(main())
