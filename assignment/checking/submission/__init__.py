"""A hand-in: found under any name (find.py), read (read.py) and imported (load.py)."""
