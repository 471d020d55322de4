"""The demonstration: people and recordings to look at, and the whole stack to look at them with."""
