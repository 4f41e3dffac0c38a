#!/usr/bin/env python3
"""Archives the file of a bus as the original programs do: it is renamed, without any lock,
under a stamp in local time and whole seconds.

    clean_up.py BUS

Prints the path of the archive; nothing when there is no file, or an archive of this second.
"""

import os
import sys
import time

path = sys.argv[1]
archive = f"{path}.{time.strftime('%Y%m%d-%H%M%S')}.archived"
if not os.path.exists(archive):
    try:
        os.rename(path, archive)
        print(archive)
    except FileNotFoundError:
        pass
