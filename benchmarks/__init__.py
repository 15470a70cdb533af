"""Benchmarks: what scoping costs, how long a load takes, how soon the console is there."""
