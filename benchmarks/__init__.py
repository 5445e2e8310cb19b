"""Benchmarks run as modules (``python -m benchmarks.…``) with the settings of the tests; importing the package sets Django up."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()
