"""Tests of ep_mock.operations."""
