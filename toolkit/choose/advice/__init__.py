"""Advise on families before measuring: rules with sources, and a catalogue of models."""
