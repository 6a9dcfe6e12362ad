"""Tests of ep_mock.serving."""
