"""An edition of the suite for students: everything that a course needs, and no answers."""
