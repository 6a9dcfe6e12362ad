"""Tests of ep_mock.traffic."""
