"""Tests of what we owe to whom: business time, criteria and promises."""
