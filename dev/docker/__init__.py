"""Containers for the demo and the tests: an engine, an image made at home, and DockerSpawner's settings."""
