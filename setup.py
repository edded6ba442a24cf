"""Installs TB Monitor; every fact about it stands in pyproject.toml."""

from setuptools import setup

setup()
