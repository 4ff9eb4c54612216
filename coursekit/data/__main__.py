import sys

from coursekit.data.rebuild import main

sys.exit(main())
