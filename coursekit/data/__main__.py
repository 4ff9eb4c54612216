"""`python -m coursekit.data`."""

import sys

from coursekit.data.rebuild import main

if __name__ == "__main__":
    sys.exit(main())
