"""The language in editors: its words by colour, and what is known at each place of a program."""
