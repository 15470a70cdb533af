"""Ringfence: who may see which customers and devices, and exactly that."""

__version__ = "0.1.0"
