"""How well measures and scores agree with what is known of recordings: ``python -m bench.accuracy --data FOLDER``."""
