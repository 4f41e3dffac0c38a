#!/usr/bin/env python3
"""Holds the locks of files until stdin ends.

    hold.py FILE...

Says `held` when it has them all.
"""

import sys

import bus

held = [bus.open_locked(path) for path in sys.argv[1:]]
print("held", flush=True)
sys.stdin.read()
